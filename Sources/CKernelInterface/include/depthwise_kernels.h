#ifndef SC_DEPTHWISE_KERNELS_H
#define SC_DEPTHWISE_KERNELS_H

#include <stdint.h>

// Depthwise convolution, NHWC, one filter a channel (a multiplier is served by repeating the input's channels).
// x[h][w][c], filter[kh][kw][c], y[oh][ow][c]; one image. Counts are in elements.
typedef struct {
    intptr_t h, w, c, oh, ow, kh, kw;
    intptr_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
} sc_depthwise_image;

// What happens to an output before it is stored: + bias (may be NULL), then negative values times `slope`, then at most `ceiling`.
typedef struct {
    const void *bias;
    double slope;
    double ceiling;
} sc_depthwise_epilogue;

// Rows [first, last) of y.
typedef void (*sc_depthwise_forward)(const sc_depthwise_image *image, const void *x, const void *filter,
                                     const sc_depthwise_epilogue *epilogue, intptr_t first, intptr_t last, void *y);
// dx of the channels [first, last) (all pixels), from dy and the filter.
typedef void (*sc_depthwise_backward_input)(const sc_depthwise_image *image, const void *filter, const void *dy, intptr_t first,
                                            intptr_t last, void *dx);
// sums[kh][kw][c] += over the rows [first, last) of dy of x times dy, for the channels [first_channel, last_channel).
typedef void (*sc_depthwise_backward_filter)(const sc_depthwise_image *image, const void *x, const void *dy, intptr_t first,
                                             intptr_t last, intptr_t first_channel, intptr_t last_channel, void *sums);

typedef struct {
    sc_depthwise_forward forward_f32, forward_f64;
    sc_depthwise_backward_input backward_input_f32, backward_input_f64;
    sc_depthwise_backward_filter backward_filter_f32, backward_filter_f64;
} sc_depthwise_kernels;

#endif
