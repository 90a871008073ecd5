#ifndef SC_ROOFLINE_KERNELS_H
#define SC_ROOFLINE_KERNELS_H

#include <stdint.h>

// Loops that do nothing but what a processor can do at most of.
typedef struct {
    intptr_t flops;  // additions and multiplications of one round of `multiply_add`
    // `rounds` rounds of independent multiply-adds on registers; their sum, so that none can be left out. |a| < 1.
    float (*multiply_add)(intptr_t rounds, float a, float b);
    // The sum of `count` numbers, a multiple of 64.
    float (*read)(intptr_t count, const float *x);
    // y = x, `count` a multiple of 64, with plain stores.
    void (*copy)(intptr_t count, const float *x, float *y);
} sc_roofline_kernels;

#endif
