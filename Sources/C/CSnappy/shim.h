// The door to libsnappy. Swift cannot call C variadics or see function-like macros:
// each one that is needed gets a typed `static inline` below, with a line saying what it stands for.
#ifndef CSNAPPY_SHIM_H
#define CSNAPPY_SHIM_H

#include <snappy-c.h>

#endif
