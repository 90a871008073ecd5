#ifndef SC_WINOGRAD_KERNELS_H
#define SC_WINOGRAD_KERNELS_H

#include <stdint.h>

// Winograd F(m x m, r x r), float32, NHWC: a tile is m x m outputs from a patch of (m + r - 1) x (m + r - 1) inputs; `e` counts as many
// products. F(m, r) is the same for filters of one row or column: a tile is a line of m outputs. F(3x3, 4x4) and F(2x2, 4x4) give the
// gradient of the filter.
// Source: A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv:1509.09308, 2015.

// What happens to an output before it is stored: + bias (may be NULL), then negative values times `slope`, then at most `ceiling`.
typedef struct {
    const float *bias;
    float slope;    // 1: linear, 0: relu, else leaky relu
    float ceiling;  // +inf, or 6 for relu6
} sc_winograd_epilogue;

// One image. A tile takes every step_h-th row and step_w-th column of the input, and every out_step_h-th and out_step_w-th of the
// output: there a dilated filter is a plain one, and a strided one several.
typedef struct {
    intptr_t h, w, c;     // input
    intptr_t oh, ow, oc;  // output
    intptr_t step_h, step_w, out_step_h, out_step_w;
    intptr_t is_column;  // whether the line of a tile of F(m, r) lies along the columns of the image
} sc_winograd_image;

// The transforms of one tile size; `points` = m + r - 1.
typedef struct {
    // u[e * plane + i * nr + column] = transform of the taps filter[t * tap + i * row + column], for i in [0, ic) and nr columns;
    // those from `columns` on are 0.
    void (*filter)(const float *filter, intptr_t tap, intptr_t row, intptr_t ic, intptr_t columns, float *u, intptr_t plane);
    // v[e * plane + channel] = transform of the patch of image x that begins at (top, left), which may lie outside; `patch` is
    // scratch for 2 points^2 vectors.
    void (*input)(const sc_winograd_image *image, const float *x, intptr_t top, intptr_t left, float *v, intptr_t plane, float *patch);
    // The outputs of the tile at output (top, left) from m[e * plane + channel].
    void (*output)(const sc_winograd_image *image, const float *m, intptr_t plane, intptr_t top, intptr_t left,
                   const sc_winograd_epilogue *epilogue, float *y);
} sc_winograd_tile_kernels;

// The gradient of a filter of r x r taps: `points` = 4 + r - 1.
typedef struct {
    // u[e * plane + channel / nr * panel + channel % nr] = transform of the 4x4 tile of dy at (top, left); `patch` as above.
    void (*output)(const sc_winograd_image *image, const float *dy, intptr_t top, intptr_t left, float *u, intptr_t plane, intptr_t panel,
                   float *patch);
    // dfilter[i * tap_h + j * tap_w + column] = the taps i < taps_h, j < taps_w of one input channel from its products
    // m[e * plane + column].
    void (*filter)(intptr_t tap_h, intptr_t tap_w, intptr_t taps_h, intptr_t taps_w, intptr_t columns, const float *m, intptr_t plane,
                   float *dfilter);
} sc_winograd_gradient_kernels;

typedef struct {
    intptr_t mr, nr;  // the multiplication's tile: at most mr rows, nr packed columns

    sc_winograd_tile_kernels f4, f2, f2_5, f4_2;            // F(4x4, 3x3), F(2x2, 3x3), F(2x2, 5x5), F(4x4, 2x2)
    sc_winograd_tile_kernels line_4_3, line_2_5, line_2_7;  // F(4, 3), F(2, 5), F(2, 7)
    // m[rows][ldm] (columns [0, nr)) = v[rows][ldv] (columns [0, ic)) times u[ic][nr], the sums going on from m if `keep`.
    void (*multiply)(intptr_t rows, intptr_t ic, const float *v, intptr_t ldv, const float *u, float *m, intptr_t ldm, int keep);

    sc_winograd_gradient_kernels gradient_3, gradient_2;  // F(3x3, 4x4), F(2x2, 4x4)
    // m[rows][ldm] (columns [0, nr)) = v[tiles][ldv] transposed (columns [0, rows)) times u[tiles][nr], added to m if `keep`.
    void (*accumulate)(intptr_t tiles, intptr_t rows, const float *v, intptr_t ldv, const float *u, float *m, intptr_t ldm, int keep);
} sc_winograd_kernels;

#endif
