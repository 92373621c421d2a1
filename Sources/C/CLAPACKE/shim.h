// The door to liblapacke. Swift cannot call C variadics or see function-like macros:
// each one that is needed gets a typed `static inline` below, with a line saying what it stands for.
#ifndef CLAPACKE_SHIM_H
#define CLAPACKE_SHIM_H

#include <lapacke.h>

#endif
