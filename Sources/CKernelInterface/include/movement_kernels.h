#ifndef SC_MOVEMENT_KERNELS_H
#define SC_MOVEMENT_KERNELS_H

#include <stdint.h>

// Copies that do not look at what they copy: elements of `size` bytes (1, 4 or 8), strides in elements. y does not overlap x.
typedef struct {
    // y[i * y_stride] = x[i * x_stride] for i < count; strides may be negative, x_stride may be 0.
    void (*strided)(intptr_t size, intptr_t count, const void *x, intptr_t x_stride, void *y, intptr_t y_stride);
    // y[i * y_stride + j] = x[i * x_stride + j] for i < rows, j < columns.
    void (*rows)(intptr_t size, intptr_t rows, intptr_t columns, const void *x, intptr_t x_stride, void *y, intptr_t y_stride);
    // y[j * y_stride + i] = x[i * x_stride + j] for i < rows, j < columns.
    void (*transpose)(intptr_t size, intptr_t rows, intptr_t columns, const void *x, intptr_t x_stride, void *y, intptr_t y_stride);
    // y[i] += x[i]; the type is sc_dtype's value (float32, float64, int32, int64).
    void (*accumulate)(intptr_t dtype, intptr_t count, const void *x, void *y);
    // y[i] = x[i] for i < bytes, past the caches where y is aligned; another thread sees it after a fence (sc_stream_fence).
    void (*stream)(intptr_t bytes, const void *x, void *y);
} sc_movement_kernels;

#endif
