#ifndef SC_POOLING_KERNELS_H
#define SC_POOLING_KERNELS_H

#include <stdint.h>

// Windows that slide over one image [h][w][c]; the output is [oh][ow][c]. Every window holds at least one pixel of the image.
typedef struct {
    intptr_t h, w, c, oh, ow, kh, kw, stride_h, stride_w, pad_top, pad_left;
} sc_pool_window;

// Output row `oy` of one image, from the image.
typedef void (*sc_pool_row_kernel)(const sc_pool_window *window, intptr_t oy, const void *x, void *y_row);
// The same with the place of each maximum: base + (y w + x) c + channel.
typedef void (*sc_pool_argmax_row_kernel)(const sc_pool_window *window, intptr_t oy, int64_t base, const void *x, void *y_row,
                                          int64_t *argmax_row);
// Adds what output rows oy_from ..< oy_to give to channels c_from ..< c_to of dx. All pointers are to whole images.
typedef void (*sc_max_pool_backward_kernel)(const sc_pool_window *window, intptr_t oy_from, intptr_t oy_to, intptr_t c_from,
                                            intptr_t c_to, const void *x, const void *y, const void *dy, void *dx);
// Row `iy` of dx, written whole, from the image dy.
typedef void (*sc_avg_pool_backward_kernel)(const sc_pool_window *window, intptr_t iy, const void *dy, void *dx_row);
// y = top + (bottom - top) fraction with top and bottom interpolated between pixels left[x] and right[x] by across[x]: one output row of
// `width` pixels from the rows `top` and `bottom`.
typedef void (*sc_bilinear_row_kernel)(intptr_t width, intptr_t c, const int32_t *left, const int32_t *right, const double *across,
                                       double down, const void *top, const void *bottom, void *y_row);

typedef struct {
    sc_pool_row_kernel max_f32, max_f64, avg_f32, avg_f64;
    sc_pool_argmax_row_kernel argmax_f32, argmax_f64;
    // `accumulate` adds to dx; `assign` is for windows that tile the image: it writes every pixel of them once.
    sc_max_pool_backward_kernel max_backward_accumulate_f32, max_backward_accumulate_f64;
    sc_max_pool_backward_kernel max_backward_assign_f32, max_backward_assign_f64;
    sc_avg_pool_backward_kernel avg_backward_f32, avg_backward_f64;
    sc_bilinear_row_kernel bilinear_f32, bilinear_f64;
} sc_pooling_kernels;

#endif
