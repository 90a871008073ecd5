// What a CPU level offers: a table of function pointers, filled by KernelSource/MakeTable.swift once for each level.
// One header a family; counts and strides are in elements, `_f32` and `_f64` say the element type.
#ifndef SC_KERNEL_TABLE_H
#define SC_KERNEL_TABLE_H

#include "depthwise_kernels.h"
#include "simd_math.h"
#include "elementwise_kernels.h"
#include "gemm_kernels.h"
#include "grouped_kernels.h"
#include "movement_kernels.h"
#include "reduction_kernels.h"
#include "winograd_kernels.h"
#include "optimizer_kernels.h"
#include "normalization_kernels.h"
#include "pooling_kernels.h"
#include "random_kernels.h"
#include "roofline_kernels.h"

typedef struct {
    const char *level;  // "baseline", "v3", "v4", "neon"
    sc_elementwise_kernels elementwise;
    sc_gemm_kernels gemm;
    sc_grouped_kernels grouped;
    sc_reduction_kernels reduction;
    sc_movement_kernels movement;
    sc_winograd_kernels winograd;
    sc_depthwise_kernels depthwise;
    sc_normalization_kernels normalization;
    sc_pooling_kernels pooling;
    sc_random_kernels random;
    sc_optimizer_kernels optimizer;
    sc_roofline_kernels roofline;
} sc_kernel_table;

#endif
