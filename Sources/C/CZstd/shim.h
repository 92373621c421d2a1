// The door to libzstd. Swift cannot call C variadics or see function-like macros:
// each one that is needed gets a typed `static inline` below, with a line saying what it stands for.
#ifndef CZSTD_SHIM_H
#define CZSTD_SHIM_H

#include <zstd.h>

#endif
