#ifndef SC_ELEMENTWISE_KERNELS_H
#define SC_ELEMENTWISE_KERNELS_H

#include <stdint.h>

// Functions are chosen by a code and an element type (`dtype` is sc_dtype's value), once for each call over many elements.

// y = f(x), float32 and float64 unless said otherwise
enum {
    SC_RELU, SC_RELU6, SC_LEAKY_RELU, SC_ELU, SC_SELU, SC_GELU, SC_GELU_TANH, SC_SILU, SC_SIGMOID, SC_TANH, SC_SOFTPLUS,
    SC_SOFTSIGN, SC_MISH,
    SC_HARD_SIGMOID, SC_HARD_SILU, SC_EXP, SC_EXPM1, SC_LOG, SC_LOG1P, SC_SQRT, SC_RSQRT, SC_RECIPROCAL, SC_FLOOR, SC_CEIL,
    SC_ROUND, SC_ERF,
    SC_SIN, SC_COS, SC_CLIP,
    SC_SQUARE, SC_ABS, SC_NEGATIVE, SC_SIGN,        // int32 and int64 too
    SC_IS_NAN, SC_IS_FINITE,                        // to bool
    SC_LOGICAL_NOT                                  // bool
};

// dx = f(dy, v), float32 and float64; v is the op's output y for the first four, its input x for the others
enum {
    SC_RELU_BACKWARD, SC_RELU6_BACKWARD, SC_SIGMOID_BACKWARD, SC_TANH_BACKWARD,
    SC_LEAKY_RELU_BACKWARD, SC_ELU_BACKWARD, SC_SELU_BACKWARD, SC_GELU_BACKWARD, SC_GELU_TANH_BACKWARD,
    SC_SILU_BACKWARD, SC_SOFTPLUS_BACKWARD,
    SC_CLIP_BACKWARD
};

// z = f(x, y)
enum {
    SC_ADD, SC_SUBTRACT, SC_MULTIPLY, SC_MAXIMUM, SC_MINIMUM, SC_SQUARED_DIFFERENCE, SC_FLOOR_DIVIDE, SC_MOD,  // all but bool
    SC_DIVIDE, SC_POWER,                                                                                       // DIVIDE float32 and float64
    SC_EQUAL, SC_NOT_EQUAL, SC_LESS, SC_LESS_EQUAL, SC_GREATER, SC_GREATER_EQUAL,                              // any type, to bool
    SC_LOGICAL_AND, SC_LOGICAL_OR, SC_LOGICAL_XOR                                                              // bool
};

typedef struct {
    // y[i] = f(x[i]) for i < count; y may be x. alpha and beta: leaky_relu's and elu's alpha; clip's bounds.
    void (*unary)(intptr_t function, intptr_t dtype, intptr_t count, const void *x, void *y, double alpha, double beta);
    // dx[i] = f(dy[i], v[i]); dx may be dy or v.
    void (*unary_backward)(intptr_t function, intptr_t dtype, intptr_t count, const void *dy, const void *v, void *dx, double alpha,
                           double beta);
    // z[i] = f(x[i * x_step], y[i * y_step]); the steps are 0 or 1, not both 0 unless count is 1. z may be an operand whose step is 1.
    void (*binary)(intptr_t function, intptr_t dtype, intptr_t count, const void *x, intptr_t x_step, const void *y, intptr_t y_step,
                   void *z);
    // z[i] = condition[i * c_step] ? x[i * x_step] : y[i * y_step] for elements of `size` bytes; the steps are 0 or 1.
    void (*select)(intptr_t size, intptr_t count, const uint8_t *condition, intptr_t c_step, const void *x, intptr_t x_step, const void *y,
                   intptr_t y_step, void *z);
    // y[i] = x[i] in another type. Floating to integer truncates toward zero and saturates (uint8: modulo 256); NaN gives 0.
    void (*cast)(intptr_t from, intptr_t to, intptr_t count, const void *x, void *y);
} sc_elementwise_kernels;

#endif
