// The few loops that must run at the machine's speed, in C for one reason: a function can carry its own `target`
// attribute, so one binary holds an AVX-512, an AVX2 and a baseline build of each and picks at run time.
// Letters are the paper's (Hu, Koren, Volinsky 2008; docs/als.md). Every kernel has a plain Swift twin in the tests.
//
// Shapes: rows of factors are k floats, k a multiple of 16 (the caller pads with zeros), row-major, no gaps.
#ifndef MARQUEE_CKERNELS_H
#define MARQUEE_CKERNELS_H

#include <stdint.h>

/// One row u of the interaction matrix, against the factors Y of the other side.
typedef struct {
    const float *Y;          // factors of the other side
    const uint32_t *pairs;   // the same in 16 bits each (see pack_pairs), read by residual, apply and energy; NULL: they read Y
    long stride;             // floats from one row of Y to the next: k, or more if only k columns of wider rows count
    const int32_t *columns;  // which rows of Y this row touches, n of them
    const float *c;          // their confidences; a negative one is |c| for "does not like"
    long n;
    const int32_t *next;     // the columns that are wanted after these n, nextCount of them,
    const float *nextC;      // and their confidences: fetched ahead of need
    long nextCount;
    long k;
    float base;              // weight that G already holds for a touched pair: w = |c| − base
    float ridge;             // λ_u
} ck_row;

/// Scores of packed items against some queries, keeping each query's best.
///
/// A candidate is one number: the score's bits, made to order like an unsigned integer, above the inverted item. The
/// larger number has the better place, and equal scores go by the lower item.
typedef struct {
    const float *tiles;      // items as [block][factor][32], zeros past the last item
    long items;
    long k;                  // any k ≥ 1: tiles need no padding of the rank
    const float *queries;    // [group][factor][query within the group], zeros past the last query; a lone query is a group of 1
    long queryCount;         // at most 64
    long capacity;           // how many are kept per query, at least 1
    const uint32_t *const *excluded;  // per query: a bit per item that must not appear, or NULL; may itself be NULL
    uint64_t *candidates;    // [query][room]: in the end the best `capacity`, in any order
    long room;               // at least capacity + 32, or items + 32 if that is less; twice the capacity and more saves time
    int32_t *counts;         // [query]: how many candidates there are
} ck_topk;

/// Items in 4 bits a factor beside their floats, longest first, with a bound on what that loses.
///
/// Places number the items by falling length; 32 of them are a block. Code c of a factor stands for the value
/// s (c − 7.5), s being the scale of its item. Scales and losses are the upper halves of floats (bfloat16).
typedef struct {
    uint8_t *codes;          // [block][octet][place in block][4]: byte j has factor j of the octet below, factor 4 + j above
    uint16_t *scales;        // [place] s
    uint16_t *losses;        // [place] r ≥ |v − s (c − 7.5)|
    float *reach;            // [block] N ≥ |v| and ≥ |s (c − 7.5)| of this block's items and all after it
    int32_t *items;          // [place] which item it is
    long octets;             // ⌈k / 8⌉
} ck_codes;

/// Ranks at most this long can be coded: sums of codes times a query's bytes, and their halves, are then exact as floats.
#define CK_CODED_RANK 4096
/// Blocks that a query scans before it scores what it has found.
#define CK_CHUNK_BLOCKS 16

/// Counts of queries that the codes do not serve: those have to scan the floats.
#define CK_NO_BOUNDS (-1)
#define CK_GAVE_UP (-2)

/// The same ranking as `ck_topk`'s, to the last bit, from the codes and few of the floats.
typedef struct {
    ck_topk exact;           // with queries row by row, [query][factor], and counts that may be one of the two below
    ck_codes codes;
    long firstBlocks;        // scanned before the first scores: best some times the capacity in items
    const float *rows;       // items row by row as well, where they stand in memory anyway: scored from there; or NULL
    long budget;             // a query that has to score more items than this in floats gives up, unless it is near its end
    long farthest;           // and so does one that would have to go beyond this block, or is at least likely to
    int32_t *words;          // [query][4 octets]: room for the queries in bytes
    uint64_t *pending;       // [query][pendingRoom]
    long pendingRoom;        // at least 64
} ck_coded_topk;

/// Sums of which `strided_highest` finds the largest: CK_STRIDE_ROWS of them, each CK_STRIDE after the other.
#define CK_STRIDE 32
#define CK_STRIDE_ROWS 16

/// Below the number of an entry: enough for how often almost any film has almost any word.
#define CK_NUMBER_SHIFT 5

/// Rows of numbers below 2²⁷, and a set of numbers.
typedef struct {
    const int32_t *starts;   // row r has the entries at starts[r · stride]..<starts[(r + 1) · stride]
    long stride;
    const uint32_t *entries; // a number from bit CK_NUMBER_SHIFT on, and something else below it
    const uint32_t *set;     // bit n % 32 of word n / 32, for every number of an entry
    const uint32_t *filter;  // 16 words: bit n % 512 for every number n of the set, at least
    const int32_t *rows;     // which rows, count of them
    long count;
    int32_t *positions;      // where those rows have numbers of the set, row after row, rising; room for one more than there are
    int32_t *ends;           // [count] where in positions those of each row end
} ck_marked;

typedef struct {
    const char *name;
    int level;
    int fused;               // 1 if multiply and add round once (FMA)
    long group;              // queries scored together by topk

    /// r ← r − λ_u x + Σ_j (c⁺_j − w_j ⟨y_j, x⟩) y_j : with r = −G x on entry, the residual b − A x.
    /// Returns bᵀx = Σ_j c⁺_j ⟨y_j, x⟩.
    double (*residual)(const ck_row *row, const float *x, float *r);
    /// q ← q + λ_u p + Σ_j w_j ⟨y_j, p⟩ y_j : with q = G p on entry, A p.
    void (*apply)(const ck_row *row, const float *p, float *q);
    /// One step of conjugate gradients: α = ρ / pᵀq, x ← x + α p, r ← r − α q. Returns the decrease α ρ of
    /// xᵀA x − 2 bᵀx; 0, with nothing changed, if pᵀq is not positive.
    double (*cg_step)(float *x, float *r, const float *p, const float *q, float rho, long k);
    /// The direction of the next step: p ← z + β p.
    void (*cg_turn)(float *p, const float *z, float beta, long k);
    /// x ← x + α p: the last step, which needs no residual.
    void (*cg_advance)(float *x, const float *p, float alpha, long k);
    /// t_i ← t_i / max(1 + excess μ_i, least).
    void (*divide)(float *t, const float *mu, float excess, float least, long k);
    /// Σ_i μ_i t_i².
    float (*weighted_square)(const float *mu, const float *t, long k);
    /// Σ_j w_j ⟨y_j, p⟩²: what the row's own entries add to pᵀA p, its ridge left out.
    double (*energy)(const ck_row *row, const float *p);
    /// `count` floats, a multiple of 16, in 16 bits each, 2⁻⁸ of a factor off at most: count / 2 words, as pairs.inc has it.
    void (*pack_pairs)(const float *y, long count, uint32_t *pairs);
    /// C ← α P G, with P of m rows and G k × k.
    void (*product)(const float *P, const float *G, float alpha, float *C, long m, long k);
    /// A ← A + Σ_j w_j y_j y_jᵀ (16 × 16 blocks on and below the diagonal), b ← b + Σ_j (c⁺_j − w_j s_j) y_j.
    /// s may be NULL for zeros. Heeds the stride, as only predict does beside it.
    void (*accumulate)(const ck_row *row, const float *s, float *panel, float *A, float *b);
    /// s_j ← s_j + ⟨y_j, x⟩.
    void (*predict)(const ck_row *row, const float *x, float *s);
    /// Σ_j |c_j| (t_j − ⟨y_j, x⟩)² − base ⟨y_j, x⟩², with t_j = 1 if c_j > 0, else 0: the loss over one row's pairs.
    double (*row_loss)(const ck_row *row, const float *x);
    /// ⟨a, b⟩ over k floats.
    float (*dot)(const float *a, const float *b, long k);
    void (*topk)(const ck_topk *task);
    /// Codes blocks first..<last of `count` places from the rows of their items; `reach` is of each block alone.
    void (*encode)(const float *rows, long k, long count, const ck_codes *codes, long first, long last);
    /// For each of the 32 places of a block a number that no score of the float scan exceeds, after coding the query.
    /// Returns 0, with nothing written, if the query has no bounds: not finite, zero, too long or too short.
    int (*upper_bounds)(const ck_coded_topk *task, long query, long block, float *upper);
    void (*coded_topk)(const ck_coded_topk *task);

    /// sums_i ← Σ_c columns[c][i] for i < n. No sum may leave 16 bits.
    void (*add_columns)(const uint8_t *const *columns, long count, long n, int16_t *sums);
    /// sums[places[i]] ← sums[places[i]] + values[i] for firsts[r] ≤ i < ends[r], r < count. No sum may leave 16 bits.
    void (*add_at)(const int32_t *places, const int16_t *values, const int32_t *firsts, const int32_t *ends, long count,
                   int16_t *sums);
    /// sums_i ← 0 where bit i % 32 of words[i / 32] is not set.
    void (*keep)(int16_t *sums, const uint32_t *words, long n);
    /// How many sums are `least` or more.
    long (*count_from)(const int16_t *sums, long n, int16_t least);
    /// The largest sum, 0 if none is above it.
    int16_t (*highest)(const int16_t *sums, long n);
    /// For every CK_STRIDE × CK_STRIDE_ROWS sums, and for what is left of them, CK_STRIDE numbers: the largest sum, or 0, of
    /// those that stand CK_STRIDE apart.
    void (*strided_highest)(const int16_t *sums, long n, int16_t *highest);
    /// The places of the sums in least…most, rising; returns how many. There is room for all n.
    long (*places_from)(const int16_t *sums, long n, int16_t least, int16_t most, int32_t *places);
    /// Fills in positions and ends.
    void (*marked)(const ck_marked *task);
} ck_kernels;

/// Rows of Y that `accumulate` copies to its panel at a time: the panel must hold this many rows of k.
#define CK_PANEL_ROWS 32

/// Levels: 0 baseline (SSE2 on x86-64), 2 AVX2 + FMA, 3 AVX-512 (F, BW, VL, DQ), 4 with VNNI beside it.
int ck_best_level(void);
/// The kernels of a level, or NULL if this machine or this build cannot run them.
const ck_kernels *ck_kernels_of(int level);

/// Arithmetic peak: runs `iterations` × 12 independent vector multiply-adds and returns the floating-point operations.
double ck_measure_peak(int level, long iterations);

/// Reads `count` floats once, in order, fetching 4 KiB ahead: as fast as one thread can. Returns their sum, without the
/// last few.
float ck_measure_read(int level, const float *memory, long count);

#endif
