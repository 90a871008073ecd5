#ifndef SC_DEPTHWISE_KERNELS_H
#define SC_DEPTHWISE_KERNELS_H

#include <stdint.h>

// Depthwise convolution, NHWC, one filter a channel (a multiplier is served by repeating the input's channels).
// x[h][w][c], y[oh][ow][c] with strides of its own; one image. Counts and strides are in elements.
// Channels go in vectors: vector v covers those from min(v · lanes, c − lanes) on, so that the last two may overlap; with fewer channels
// than lanes the only vector is partial.
typedef struct {
    intptr_t h, w, c, oh, ow, kh, kw;
    intptr_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    intptr_t y_row, y_pixel;
} sc_depthwise_image;

// What happens to an output before it is stored: + bias (may be NULL), then negative values times `slope`, then at most `ceiling`.
typedef struct {
    const void *bias;
    double slope;
    double ceiling;
} sc_depthwise_epilogue;

// packed[vector][tap][lane] of tap `tap` of `taps` from its c values; lanes beyond c are 0.
typedef void (*sc_depthwise_pack)(intptr_t c, intptr_t taps, intptr_t tap, const void *values, void *packed);
// The reverse: the c values of a tap.
typedef void (*sc_depthwise_unpack)(intptr_t c, intptr_t taps, intptr_t tap, const void *packed, void *values);
// Rows [first, last) of y, vectors [first_vector, last_vector).
typedef void (*sc_depthwise_forward)(const sc_depthwise_image *image, const void *x, const void *packed,
                                     const sc_depthwise_epilogue *epilogue, intptr_t first, intptr_t last, intptr_t first_vector,
                                     intptr_t last_vector, void *y);
// sums[vector][tap][lane] += over the rows [first, last) of dy of x times dy, for the vectors [first_vector, last_vector).
typedef void (*sc_depthwise_backward_filter)(const sc_depthwise_image *image, const void *x, const void *dy, intptr_t first,
                                             intptr_t last, intptr_t first_vector, intptr_t last_vector, void *sums);

typedef struct {
    intptr_t lanes_f32, lanes_f64;
    sc_depthwise_pack pack_f32, pack_f64;
    sc_depthwise_unpack unpack_f32, unpack_f64;
    sc_depthwise_forward forward_f32, forward_f64;
    sc_depthwise_backward_filter backward_filter_f32, backward_filter_f64;
} sc_depthwise_kernels;

#endif
