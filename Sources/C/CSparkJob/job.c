// `#embed` of C23: the compiler reads the file as it is, and knows to compile this again when it changes.
#pragma clang diagnostic ignored "-Wc23-extensions"

#include "CSparkJob.h"

static const unsigned char job[] = {
#embed "../../../deploy/spark/marquee_als.py"
};

const unsigned char *marquee_spark_job(void) { return job; }

size_t marquee_spark_job_count(void) { return sizeof job; }
