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
    intptr_t table_rows;      // mr of the table: the kernels' mr, or pair_mr
    intptr_t rows;            // 1 ... table_rows: how many of a tile's rows are computed; the pointers of all are valid nonetheless
    intptr_t a_step, b_step;  // elements
    intptr_t a_packed;        // 1: the rows of a segment lie side by side, one element apart
    const void *b;
    intptr_t second;          // bytes from b to the next nr columns, where there are two panels
    intptr_t y_offset;        // bytes added to each y pointer
    intptr_t columns;         // 1 ... nr: how many are stored; b must be readable for whole vectors nonetheless; or 2 * nr, two panels
    const void *next;         // what b will be next, to be brought into the second-level cache meanwhile, or NULL
    intptr_t accumulate;      // 1: sums start from what y holds, plus the bias
    intptr_t finish;          // 1: the activation is applied
    intptr_t streams;         // 1: y is written past the caches: float32, whole panels, rows aligned for whole vectors, no leaky relu
    const void *bias;         // of the first column, or NULL: where sums start
    intptr_t activation;      // 0 linear, 1 relu, 2 relu6, 3 leaky relu
    double alpha;
} sc_gemm_job;

// The same sums for pixels at even distances, without a table: pixel p reads a + p * a_pixel and writes y + p * y_pixel.
typedef struct {
    const void *a, *b;
    void *y;
    intptr_t a_pixel, y_pixel;   // bytes
    const intptr_t *steps;       // of a: the offset in bytes of each of the `depth` steps of the sum; those of b lie nr apart
    intptr_t depth;
    intptr_t pixels;
    intptr_t columns;            // 1 ... nr, as above
    const void *bias;            // of the first column, or NULL
    intptr_t activation;
    double alpha;
} sc_strip_job;

typedef struct {
    void (*tiles)(const sc_gemm_job *job);
    // panel[k][nr] = k < depth, j < columns ? source[k * k_stride + j * n_stride] : 0, for k < depth, j < nr. Strides in elements.
    void (*pack)(const void *source, intptr_t depth, intptr_t columns, intptr_t k_stride, intptr_t n_stride, void *panel);
    void (*strip)(const sc_strip_job *job);
    // to[k * to_step + p] = from[p * from_step + k] for p < rows, k < depth; steps in elements.
    void (*transpose_runs)(const void *from, intptr_t from_step, intptr_t rows, void *to, intptr_t to_step, intptr_t depth);
    // c[i][j] += sum over k of a[i * a_row + k] * b[k * b_row + j] for i < rows, j < columns; few rows, b is read once.
    void (*few_rows)(const void *a, intptr_t a_row, intptr_t rows, const void *b, intptr_t b_row, intptr_t depth, intptr_t columns, void *c, intptr_t c_row);
    // The same with b transposed: b[j * b_row + k].
    void (*few_rows_transposed)(const void *a, intptr_t a_row, intptr_t rows, const void *b, intptr_t b_row, intptr_t depth, intptr_t columns, void *c, intptr_t c_row);
    // to[p * to_step + i] += from[p * from_step + i] for p < count in order, i < length; steps in elements.
    void (*add_runs)(const void *from, intptr_t from_step, void *to, intptr_t to_step, intptr_t length, intptr_t count);
} sc_gemm_functions;

typedef struct {
    intptr_t mr, nr_f32, nr_f64;
    intptr_t pair_mr;         // rows of the tiles over two panels of float32, 0 where there are none
    sc_gemm_functions f32, f64;
    // to[p * to_step + i] = from[p * from_step + i] for p < count, i < bytes; all in bytes, `bytes` a multiple of 4. Nothing else is read or written.
    void (*copy_runs)(const void *from, intptr_t from_step, void *to, intptr_t to_step, intptr_t bytes, intptr_t count);
} sc_gemm_kernels;

#endif
