#ifndef SC_WINOGRAD_KERNELS_H
#define SC_WINOGRAD_KERNELS_H

#include <stdint.h>

// Winograd F(4x4, 3x3), float32, NHWC. One tile is 4x4 outputs, from a 6x6 patch of inputs; `e` counts its 36 products.
// Source: A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv:1509.09308, 2015.

// What happens to an output before it is stored: + bias (may be NULL), then negative values times `slope`, then at most `ceiling`.
typedef struct {
    const float *bias;
    float slope;    // 1: linear, 0: relu, else leaky relu
    float ceiling;  // +inf, or 6 for relu6
} sc_winograd_epilogue;

// One image and its tile grid. A tile at (row, column) covers outputs from (4 row, 4 column), inputs from there minus the padding.
typedef struct {
    intptr_t h, w, c;              // input
    intptr_t oh, ow, oc;           // output
    intptr_t pad_top, pad_left;
} sc_winograd_image;

typedef struct {
    intptr_t mr, nr;  // the multiplication's tile: rows of `v` and `m` come in multiples of mr, packed columns of nr

    // u[block][e][ic][nr], each panel [ic][nr] followed by 16 unused elements, = transform of filter[3][3][ic][oc] for the blocks of nr
    // output channels in [first, last); missing channels are 0.
    void (*filter)(const float *filter, intptr_t ic, intptr_t oc, intptr_t first, intptr_t last, float *u);
    // v[e * plane + channel] = transform of the patch of tile (row, column) of image x; `patch` is scratch for 36 vectors.
    void (*input)(const sc_winograd_image *image, const float *x, intptr_t row, intptr_t column, float *v, intptr_t plane, float *patch);
    // m[rows][ldm] (columns [0, nr)) = v[rows][ldv] (columns [0, ic)) times u[ic][nr]; rows is a multiple of mr.
    void (*multiply)(intptr_t rows, intptr_t ic, const float *v, intptr_t ldv, const float *u, float *m, intptr_t ldm);
    // The outputs of tile (row, column), channels [first, last), from m[e * plane + channel - first]; `first` is a multiple of nr.
    void (*output)(const sc_winograd_image *image, const float *m, intptr_t plane, intptr_t row, intptr_t column, intptr_t first,
                   intptr_t last, const sc_winograd_epilogue *epilogue, float *y);
} sc_winograd_kernels;

#endif
