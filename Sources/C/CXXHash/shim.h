// The door to libxxhash: XXH64 is the hash of Parquet's split-block bloom filter.
#ifndef CXXHASH_SHIM_H
#define CXXHASH_SHIM_H

#include <xxhash.h>

#endif
