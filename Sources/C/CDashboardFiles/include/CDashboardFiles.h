// The dashboard's files, built into the program: what Sources/Dashboard/Pages has, byte for byte.
#ifndef CDASHBOARDFILES_H
#define CDASHBOARDFILES_H

#include <stddef.h>

/// One file. `bytes` has `count` of them and lives as long as the program.
struct marquee_dashboard_file {
    const char *name;
    const unsigned char *bytes;
    size_t count;
};

/// The number of files.
size_t marquee_dashboard_file_count(void);

/// The file at an index below the number of files.
struct marquee_dashboard_file marquee_dashboard_file_at(size_t index);

#endif
