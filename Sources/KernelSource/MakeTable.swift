import CKernelInterface

/// This level's table. `levelName` comes from the level's own Level.swift.
package func makeKernelTable() -> sc_kernel_table {
    var table = sc_kernel_table()
    table.level = levelName
    table.elementwise = makeElementwiseKernels()
    table.gemm = makeGemmKernels()
    table.grouped = makeGroupedKernels()
    table.reduction = makeReductionKernels()
    table.movement = makeMovementKernels()
    table.winograd = makeWinogradKernels()
    table.depthwise = makeDepthwiseKernels()
    table.normalization = makeNormalizationKernels()
    table.pooling = makePoolingKernels()
    table.random = makeRandomKernels()
    table.optimizer = makeOptimizerKernels()
    table.roofline = makeRooflineKernels()
    return table
}
