// The PySpark job, built into the program: what deploy/spark/marquee_als.py has, byte for byte.
#ifndef CSPARKJOB_H
#define CSPARKJOB_H

#include <stddef.h>

/// The job's text. Lives as long as the program.
const unsigned char *marquee_spark_job(void);

/// Its length in bytes.
size_t marquee_spark_job_count(void);

#endif
