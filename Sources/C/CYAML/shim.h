// The door to libyaml. Swift cannot call C variadics or see function-like macros:
// each one that is needed gets a typed `static inline` below, with a line saying what it stands for.
#ifndef CYAML_SHIM_H
#define CYAML_SHIM_H

#include <yaml.h>

#endif
