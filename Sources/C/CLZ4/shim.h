// The door to liblz4. Swift cannot call C variadics or see function-like macros:
// each one that is needed gets a typed `static inline` below, with a line saying what it stands for.
#ifndef CLZ4_SHIM_H
#define CLZ4_SHIM_H

#include <lz4.h>

#endif
