#ifndef SC_ELEMENTWISE_KERNELS_H
#define SC_ELEMENTWISE_KERNELS_H

#include <stdint.h>

// y[i] = f(x[i]) for i < count. y may be x. No alignment is asked for.
typedef void (*sc_unary_kernel)(intptr_t count, const void *x, void *y);
// z[i] = f(x[i], y[i]) for i < count. z may be x or y.
typedef void (*sc_binary_kernel)(intptr_t count, const void *x, const void *y, void *z);

typedef struct {
    sc_unary_kernel relu_f32, relu_f64;
    sc_binary_kernel relu_backward_f32, relu_backward_f64;  // (dy, y) -> dx
} sc_elementwise_kernels;

#endif
