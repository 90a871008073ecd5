#ifndef SC_RANDOM_KERNELS_H
#define SC_RANDOM_KERNELS_H

#include <stdint.h>

// words[i] = the 64 bits of element `position + i` of the Philox stream of `key`, i < count: half a block each, the lower word
// first. No alignment is asked for.
typedef void (*sc_philox_kernel)(uint64_t key, uint64_t position, intptr_t count, uint64_t *words);

typedef struct {
    sc_philox_kernel philox;
} sc_random_kernels;

#endif
