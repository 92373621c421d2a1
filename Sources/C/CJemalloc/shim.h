// The door to libjemalloc: linked, it is the process's malloc.
#ifndef CJEMALLOC_SHIM_H
#define CJEMALLOC_SHIM_H

#include <jemalloc/jemalloc.h>

#endif
