#ifndef SC_GEMM_KERNELS_H
#define SC_GEMM_KERNELS_H

#include <stdint.h>

// The one multiplication of the library: a column of register tiles of mr rows and nr columns,
//     y[p][j] = epilogue(sum over segments s, steps k of a[s][p][k * a_step] * b[b_offset[s] + k * b_step + j])
// Each row of each segment has a pointer of its own: an image is read in place, a border is a pointer to zeros, a tap without
// any valid row is left out. GEMM is the case of one segment a tile.
typedef struct {
    // A tile is `tile_words` words: [segments][y pointer of each row: mr] then for each segment
    // [b offset in bytes][depth][a pointer of each row: mr]. Rows may repeat (then they are computed and stored twice).
    const intptr_t *tiles;
    intptr_t tile_count, tile_words;
    intptr_t a_step, b_step;  // elements
    const void *b;
    intptr_t y_offset;        // bytes added to each y pointer
    intptr_t columns;         // 1 ... nr: how many are stored; b must be readable for whole vectors nonetheless
    intptr_t accumulate;      // 1: sums start from what y holds
    intptr_t finish;          // 1: the activation is applied
    const void *bias;         // of the first column, or NULL: where sums start unless `accumulate`
    intptr_t activation;      // 0 linear, 1 relu, 2 relu6, 3 leaky relu
    double alpha;
} sc_gemm_job;

typedef struct {
    void (*tiles)(const sc_gemm_job *job);
    // panel[k][nr] = k < depth, j < columns ? source[k * k_stride + j * n_stride] : 0, for k < depth, j < nr. Strides in elements.
    void (*pack)(const void *source, intptr_t depth, intptr_t columns, intptr_t k_stride, intptr_t n_stride, void *panel);
} sc_gemm_functions;

typedef struct {
    intptr_t mr, nr_f32, nr_f64;
    sc_gemm_functions f32, f64;
} sc_gemm_kernels;

#endif
