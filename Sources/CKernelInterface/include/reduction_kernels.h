#ifndef SC_REDUCTION_KERNELS_H
#define SC_REDUCTION_KERNELS_H

#include <stdint.h>

// Ops cut long reductions into blocks: within a block float32 is summed in float32, blocks are joined in float64 (`columns_wide`).
enum { SC_REDUCE_SUM, SC_REDUCE_MAX, SC_REDUCE_MIN, SC_REDUCE_PROD };

typedef struct {
    // y[j] = reduction over i < rows of x[i * stride + j], j < columns; rows is at least 1. `dtype` is sc_dtype's value; bool
    // counts as uint8. NaN propagates through max and min. Integers wrap. Rows are taken in order, four at a time.
    void (*columns)(intptr_t function, intptr_t dtype, intptr_t rows, intptr_t columns, intptr_t stride, const void *x,
                    void *y);
    // y[0] = reduction of x[0 ..< count], count at least 1, in 32 interleaved lanes that are joined pairwise at the end.
    void (*row)(intptr_t function, intptr_t dtype, intptr_t count, const void *x, void *y);
    // The same as `columns` for a sum of few rows with float64 accumulators, times `scale`; float32 and float64.
    // Each of the `rows` rows starts `stride` elements after the one before.
    void (*columns_wide)(intptr_t dtype, intptr_t rows, intptr_t columns, intptr_t stride, const void *x, double scale, void *y);

    // Over the last axis of x[rows][n]. y may be x. NaN in a row makes all of it NaN.
    void (*softmax)(intptr_t dtype, intptr_t rows, intptr_t n, const void *x, void *y);
    void (*log_softmax)(intptr_t dtype, intptr_t rows, intptr_t n, const void *x, void *y);
    // y[row] = log(sum(exp(x[row])))
    void (*logsumexp)(intptr_t dtype, intptr_t rows, intptr_t n, const void *x, void *y);
    // dx = (dy - sum(dy y)) y; dx may be dy or y.
    void (*softmax_backward)(intptr_t dtype, intptr_t rows, intptr_t n, const void *dy, const void *y, void *dx);
    // dx = dy - exp(y) sum(dy)
    void (*log_softmax_backward)(intptr_t dtype, intptr_t rows, intptr_t n, const void *dy, const void *y, void *dx);

    // index[j] = the first i < rows whose x[i * columns + j] is largest (smallest: sign -1); NaN counts as larger (smaller) than all.
    void (*arg)(intptr_t dtype, intptr_t sign, intptr_t rows, intptr_t columns, const void *x, int64_t *index);
    // y[i][j] = y[i - 1][j] + x[i][j]; y may be x.
    void (*cumsum)(intptr_t dtype, intptr_t rows, intptr_t columns, const void *x, void *y);
} sc_reduction_kernels;

#endif
