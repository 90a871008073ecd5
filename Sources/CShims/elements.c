#include "cshims.h"

// Element i is kept where the low half of words[i] is not below the threshold. `y` may be `x`: a loop of its own, for the compiler
// makes vectors only where it knows.
#define DROPOUT(T, NAME)                                                                                                            \
    void sc_dropout_##NAME(intptr_t count, const uint64_t *restrict words, uint64_t threshold, T scale, const T *x, T *y,            \
                           uint8_t *restrict mask) {                                                                                 \
        uint32_t least = (uint32_t)threshold, any = threshold <= UINT32_MAX;                                                         \
        for (intptr_t i = 0; i < count; i++) mask[i] = ((uint32_t)words[i] >= least) & any;                                          \
        sc_dropout_backward_##NAME(count, mask, scale, x, y);                                                                        \
    }                                                                                                                                \
    void sc_dropout_backward_##NAME(intptr_t count, const uint8_t *restrict mask, T scale, const T *dy, T *dx) {                     \
        if (dx == dy) {                                                                                                              \
            for (intptr_t i = 0; i < count; i++) dx[i] = mask[i] ? dx[i] * scale : 0;                                                \
        } else {                                                                                                                     \
            const T *restrict from = dy;                                                                                             \
            T *restrict to = dx;                                                                                                     \
            for (intptr_t i = 0; i < count; i++) to[i] = mask[i] ? from[i] * scale : 0;                                              \
        }                                                                                                                            \
    }

DROPOUT(float, float32)
DROPOUT(double, float64)
