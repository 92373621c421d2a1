// Builds kernels.inc once per instruction set and hands out the table of one level.
#include "CKernels.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// a*b + c may become one FMA where the target has it; nothing else about floating point is relaxed.
#pragma clang fp contract(fast)

#define ALWAYS static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

/// One query on its way through the codes.
typedef struct {
    float step, shift;    // t, and −7.5 Σ p
    float length, slack;  // U ≥ |u|, and c: see coded_topk.inc
    float threshold;      // the worst score in the heap, once it is full
    long scored;          // items scored in floats
    long pending;         // places whose bounds reached the threshold, not scored yet
    long settleAt;        // the block at which the threshold is to be raised next
    bool isOpen;
} coded_query;

#include "ranking.inc"

#define LANES 4
#define FN(x) x##_baseline
#define FUSED 0
#define NARROW 4
#define TILE_ROWS 4
#define TILE_VECTORS 2
#define QUERY_GROUP 1
#define NAME "baseline"
#define LEVEL 0
#include "kernels.inc"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LANES 8
#define FN(x) x##_avx2
#define FUSED 1
#define NARROW 8
#define TILE_ROWS 6
#define TILE_VECTORS 2
#define QUERY_GROUP 2
#define NAME "AVX2"
#define LEVEL 2
#include "kernels.inc"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"))), apply_to = function)
#define LANES 16
#define FN(x) x##_avx512
#define FUSED 1
#define NARROW 8
#define TILE_ROWS 6
#define TILE_VECTORS 4
#define QUERY_GROUP 8
#define NAME "AVX-512"
#define LEVEL 3
#include "kernels.inc"
#pragma clang attribute pop

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma"))), apply_to = function)
#define LANES 16
#define FN(x) x##_avx512vnni
#define FUSED 1
#define NARROW 8
#define TILE_ROWS 6
#define TILE_VECTORS 4
#define QUERY_GROUP 8
#define NAME "AVX-512 VNNI"
#define LEVEL 4
#include "kernels.inc"
#pragma clang attribute pop
#endif

int ck_best_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq"))
        return __builtin_cpu_supports("avx512vnni") ? 4 : 3;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 2;
#endif
    return 0;
}

const ck_kernels *ck_kernels_of(int level) {
    if (level > ck_best_level()) return NULL;
    switch (level) {
        case 0: return &table_baseline;
#if defined(__x86_64__)
        case 2: return &table_avx2;
        case 3: return &table_avx512;
        case 4: return &table_avx512vnni;
#endif
        default: return NULL;
    }
}

double ck_measure_peak(int level, long iterations) {
    switch (level) {
#if defined(__x86_64__)
        case 4: return peak_avx512vnni(iterations);
        case 3: return peak_avx512(iterations);
        case 2: return peak_avx2(iterations);
#endif
        default: return peak_baseline(iterations);
    }
}

float ck_measure_read(int level, const float *memory, long count) {
    switch (level) {
#if defined(__x86_64__)
        case 4: return read_avx512vnni(memory, count);
        case 3: return read_avx512(memory, count);
        case 2: return read_avx2(memory, count);
#endif
        default: return read_baseline(memory, count);
    }
}
