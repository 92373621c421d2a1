// The door to zlib1g. Swift cannot call C variadics or see function-like macros:
// each one that is needed gets a typed `static inline` below, with a line saying what it stands for.
#ifndef CZLIB_SHIM_H
#define CZLIB_SHIM_H

#include <zlib.h>

#endif
