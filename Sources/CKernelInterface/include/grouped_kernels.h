#ifndef SC_GROUPED_KERNELS_H
#define SC_GROUPED_KERNELS_H

#include <stdint.h>

// Convolutions of groups with fewer channels than a vector of float32 has lanes: G groups (2 or 4) share a vector. In its lanes, and in
// the operands, groups alternate: element [c][g] stands at c * G + g. One load repeats a channel of all G groups over the vector.
//     y[p][lane] = start + sum over steps k of a[p * a_pixel + steps[k]][lane % G] * b[k][lane]
typedef struct {
    const void *a;               // [channel][group] of each pixel
    const void *b;               // [depth][lanes]
    void *y;
    intptr_t a_pixel, y_pixel;   // bytes
    const intptr_t *steps;       // of a: the offset in bytes of each of the `depth` steps of the sum
    intptr_t depth;
    intptr_t pixels;
    // Bytes from the first output of a group to that of the next, whose lanes / G outputs are stored side by side; 0: vectors are stored
    // as they are.
    intptr_t y_group;
    intptr_t accumulate;         // 1: sums start from the vectors that y holds (y_group is 0)
    const void *bias;            // lanes of it, [channel][group], or NULL: where sums start
    intptr_t activation;         // 0 linear, 1 relu, 2 relu6
} sc_grouped_job;

typedef struct {
    intptr_t groups, channels, sets, pixels;
    const void *from;
    intptr_t from_group, from_set, from_pixel;
    void *to;
    intptr_t to_set;
} sc_interleave_job;

typedef struct {
    intptr_t lanes;              // of a vector of float32
    void (*strip)(intptr_t groups, const sc_grouped_job *job);
    // Sets of groups, pixel by pixel:
    //     to[s * to_set + p * channels * groups + c * groups + g] = from[p * from_pixel + s * from_set + g * from_group + c]
    // for c < channels, s < sets, p < pixels; in elements.
    void (*interleave)(const sc_interleave_job *job);
} sc_grouped_kernels;

#endif
