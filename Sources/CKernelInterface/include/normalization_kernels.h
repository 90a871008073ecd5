#ifndef SC_NORMALIZATION_KERNELS_H
#define SC_NORMALIZATION_KERNELS_H

#include <stdint.h>

// A matrix of `rows` by `width` elements whose rows lie `stride` elements apart. Columns are channels (or several pixels' channels).
// No alignment is asked for.
typedef struct {
    intptr_t rows, width, stride;
} sc_columns;

// sum[c] = sum of (x - shift[c]), square[c] = sum of (x - shift[c])^2, over the rows, in float64.
typedef void (*sc_moments_kernel)(const sc_columns *columns, const void *x, const double *shift, double *sum, double *square);
// sum[c] = sum of dy, dot[c] = sum of dy (x - mean[c]), over the rows, in float64.
typedef void (*sc_moments_backward_kernel)(const sc_columns *columns, const void *x, const void *dy, const double *mean,
                                           double *sum, double *dot);
// An activation behind a normalization: what lies below 0 becomes 0, above `ceiling` the ceiling; below 0: none. Backward it is found
// again: z = (x - mean[c]) scale[c] + offset[c], and dy counts where 0 < z < ceiling.
typedef struct {
    const void *scale, *offset;  // vectors of the element type; not used forward
    double ceiling;
} sc_normalize_activation;
// sum[c] = sum of dy, dot[c] = sum of dy (x - mean[c]), over the rows, in float64, of what the activation lets through.
typedef void (*sc_moments_activated_kernel)(const sc_columns *columns, const void *x, const void *dy, const void *mean,
                                            const sc_normalize_activation *activation, double *sum, double *dot);
// y = (x - mean[c]) scale[c] + offset[c], at most `ceiling` and at least 0 unless the ceiling is below 0; y may be x. Vectors of the
// element type.
typedef void (*sc_normalize_kernel)(const sc_columns *columns, const void *x, const void *mean, const void *scale,
                                    const void *offset, double ceiling, void *y);
// dx = dy a[c] + ((x - mean[c]) b[c] + offset[c]); dx may be x or dy. `activation` may be NULL.
typedef void (*sc_normalize_backward_kernel)(const sc_columns *columns, const void *x, const void *dy, const void *mean,
                                             const void *a, const void *b, const void *offset,
                                             const sc_normalize_activation *activation, void *dx);

typedef struct {
    sc_moments_kernel moments_f32, moments_f64;
    sc_moments_backward_kernel moments_backward_f32, moments_backward_f64;
    sc_moments_activated_kernel moments_activated_f32, moments_activated_f64;
    sc_normalize_kernel normalize_f32, normalize_f64;
    sc_normalize_backward_kernel normalize_backward_f32, normalize_backward_f64;
} sc_normalization_kernels;

#endif
