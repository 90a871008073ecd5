import CKernelInterface
import Runtime
import TensorCore

/// A depthwise convolution and the pointwise convolution of its result, block by block: the rows of the first are written to scratch that stays in
/// the second-level cache, and the product of matrices reads them there. Each output is the same chain of multiply-adds as in two passes.
struct SeparableConvolution: Sendable {
    private let depthwise: DepthwiseConvolution
    private let first: ConvolutionShape
    private let second: ConvolutionShape
    /// Rows of the depthwise result in a block; the blocks of an image, whose last one may be smaller.
    private let blockRows: Int
    private let blocks: Int
    private let whole: IndirectGemm
    private let rest: IndirectGemm
    private let hasDepthwiseBias: Bool
    private let depthwiseActivation: EpilogueActivation
    private let hasBias: Bool
    private let threads: Int

    /// Pixels that a block of the product needs to use each line of its panels often.
    private static let fewestPixels = 96
    /// Pieces of work that are enough for the threads.
    private static let fewestBlocks = 4
    /// The part of the second-level cache that a block may take.
    private static let cachePart = 3

    /// nil where the two are better computed one after the other.
    init?(
        _ first: ConvolutionShape, _ second: ConvolutionShape, hasDepthwiseBias: Bool, _ depthwiseActivation: EpilogueActivation,
        hasBias: Bool, _ activation: EpilogueActivation, threads: Int
    ) {
        guard !OpenBLAS.isChosen, first.dtype.isFloating, first.icPerGroup == 1, first.ocPerGroup == 1, first.ic > 1, second.isPointwise,
            second.groups == 1, second.oc > 0, first.n > 0, first.oh > 0, first.ow > 0
        else { return nil }
        let size = first.dtype.size
        let rowBytes = first.ow * first.oc * size
        let most = min(first.oh, CacheSizes.l2 / Self.cachePart / rowBytes)
        let least = (Self.fewestPixels + first.ow - 1) / first.ow
        // Each block reads the whole filter of the product.
        guard least <= most, first.n * (first.oh / least) >= Self.fewestBlocks,
            (first.oh + most - 1) / most * second.ic * second.oc * size <= first.oh * rowBytes
        else { return nil }
        blockRows = Self.rows(of: first.oh, least...most, images: first.n, threads: max(1, threads))
        blocks = (first.oh + blockRows - 1) / blockRows
        self.first = first
        self.second = second
        self.hasDepthwiseBias = hasDepthwiseBias
        self.depthwiseActivation = depthwiseActivation
        self.hasBias = hasBias
        self.threads = max(1, threads)
        depthwise = DepthwiseConvolution(
            images: first.n, channels: first.ic, multiplier: 1, geometry: first.geometry, dtype: first.dtype, threads: threads)
        func product(_ rows: Int) -> IndirectGemm {
            var shape = second
            shape.n = 1
            (shape.geometry.h.input, shape.geometry.h.output) = (rows, rows)
            return IndirectConvolution.forward(shape, hasBias: hasBias, activation, threads: 1)
        }
        whole = product(blockRows)
        rest = product(first.oh - (blocks - 1) * blockRows)
    }

    /// The size of blocks that keeps all threads busy to the end; of such sizes the largest, even ones first: the depthwise kernel takes two rows at
    /// a time.
    private static func rows(of count: Int, _ sizes: ClosedRange<Int>, images: Int, threads: Int) -> Int {
        var best = (time: Double.infinity, rows: sizes.lowerBound)
        for rows in sizes {
            let blocks = images * ((count + rows - 1) / rows)
            let time = Double((blocks + threads - 1) / threads * rows) * (rows % 2 == 0 ? 1 : 1.02)
            if time <= best.time { best = (time, rows) }
        }
        return best.rows
    }

    var flops: Int { first.flops.addingReportingOverflow(second.flops).overflow ? Int.max : first.flops + second.flops }

    private var size: Int { first.dtype.size }
    private func aligned(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }
    private var blockBytes: Int { aligned(blockRows * first.ow * first.oc * size) }
    private var productBytes: Int { aligned(max(whole.workspaceBytes(prepacked: true), rest.workspaceBytes(prepacked: true))) }
    private var workerBytes: Int { blockBytes + productBytes }
    private var filterBytes: Int { aligned(whole.packedBytes) }
    /// The packed filters, then each worker's block and scratch of the product.
    var workspaceBytes: Int { depthwise.packedBytes + filterBytes + threads * workerBytes }

    var prepack: PreparedOp.Prepack? { whole.prepack(input: 2) }

    func run(
        x: UnsafeRawPointer, depthwiseFilter: UnsafeRawPointer, filter: UnsafeRawPointer, packed: UnsafeRawPointer?,
        depthwiseBias: UnsafeRawPointer?, bias: UnsafeRawPointer?, y: UnsafeMutableRawPointer, workspace: UnsafeMutableRawPointer
    ) {
        depthwise.pack(depthwiseFilter, into: workspace)
        let room = workspace + depthwise.packedBytes
        if packed == nil { whole.pack(filter, into: room) }
        let ready = packed ?? UnsafeRawPointer(room)
        let epilogue = sc_depthwise_epilogue(bias: depthwiseBias, slope: depthwiseActivation.slope, ceiling: depthwiseActivation.ceiling)
        let workers = room + filterBytes
        let yRow = second.ow * second.oc * size
        parallelFor(first.n * blocks, threads: threads) { range, worker in
            let middle = workers + worker * workerBytes
            for unit in range {
                let (image, block) = unit.quotientAndRemainder(dividingBy: blocks)
                let rows = block * blockRows..<min(first.oh, (block + 1) * blockRows)
                depthwise.forward(x, image: image, rows: rows, packed: UnsafeRawPointer(workspace), epilogue, into: middle)
                (rows.count == blockRows ? whole : rest).run(
                    a: middle, b: filter, packed: ready, bias: bias, y: y + (image * second.oh + rows.lowerBound) * yRow,
                    workspace: middle + blockBytes)
            }
        }
    }
}
