import CKernelInterface
import Runtime
import TensorCore

/// The gradient of an ungrouped float32 filter by Winograd's F(3×3, 4×4) or F(2×2, 4×4): patches of x and tiles of dy are transformed,
/// 36 or 25 products sum over the tiles, and one transform of these sums gives the filter's gradient. For a strided convolution each phase
/// (`WinogradPhase`) has patches of its own, that give the gradient of its taps; their channels lie one after the other.
///
/// Three ways, of which the shape alone decides:
/// - One block holds all tiles: the sums of some input channels and columns are turned into their part of the gradient at once.
/// - Many tiles and sums that fit into a second-level cache: the tiles are cut into slices, each with sums of its own that are added in
///   the order of the slices. A thread works on a slice alone, its blocks of transforms stay in its cache.
/// - Else all threads share each block of tiles; the sums run over the blocks in their order.
/// So the bits do not depend on the threads.
package struct WinogradFilterGradient: Sendable {
    private let image: sc_winograd_image
    private let grid: WinogradGrid
    private let phases: [WinogradPlace]
    private let tapStride: (h: Int, w: Int)
    private let filterWidth: Int
    /// The taps of a phase along one axis, and the products of a tile.
    private let taps: Int
    private let products: Int
    private let kernels: sc_winograd_kernels
    private let transformInput: sc_winograd_tile_kernels
    private let transforms: sc_winograd_gradient_kernels
    private let threads: Int
    private let paddedIC: Int
    private let columns: Int
    /// Input channels whose sums are made together.
    private let chunk: Int
    /// Tiles in a block.
    private let block: Int
    let slices: Int

    // Planes are a cache line longer than their content, or they would fall on the same sets of the first-level cache.
    private let inputRow: Int
    private let inputPlane: Int
    private let panel: Int
    private let gradientPlane: Int
    private let sumsPlane: Int
    private let isOneBlock: Bool
    private let patchFloats = 72 * 16

    /// nil where no form serves the filter.
    init?(_ s: ConvolutionShape, threads: Int, kernels: sc_winograd_kernels = Kernels.table.winograd) {
        switch s.phaseWindow {
        case (3, 3): (transformInput, transforms) = (kernels.f4, kernels.gradient_3)
        case (2, 2): (transformInput, transforms) = (kernels.f4_2, kernels.gradient_2)
        default: return nil
        }
        taps = s.phaseWindow.h
        let points = (h: taps + 3, w: taps + 3)
        let products = points.h * points.w
        self.products = products
        phases = WinogradPhase.forward(s).map { WinogradPlace($0, points: points, filterWidth: s.kw) }
        tapStride = s.stride
        filterWidth = s.kw
        self.kernels = kernels
        self.threads = threads
        let (ic, oc) = (s.ic, s.oc)
        image = sc_winograd_image(
            h: s.ih, w: s.iw, c: ic, oh: s.oh, ow: s.ow, oc: oc, step_h: tapStride.h * s.dilation.h, step_w: tapStride.w * s.dilation.w,
            out_step_h: s.dilation.h, out_step_w: s.dilation.w, is_column: 0)
        grid = WinogradGrid(images: s.n, oh: s.oh, ow: s.ow, outputs: (4, 4), dilation: s.dilation)
        paddedIC = (ic + 15) / 16 * 16
        columns = (oc + kernels.nr - 1) / kernels.nr
        let work = BlockSizes(tiles: grid.tiles, products: products, ic: phases.count * ic, oc: oc)
        (slices, block) = (work.slices, work.blockTiles)
        chunk = min(ic, max(1, Self.chunkBytes / (products * 4 * kernels.nr * kernels.mr)) * kernels.mr)
        inputRow = phases.count * paddedIC
        inputPlane = block * inputRow + 16
        panel = block * kernels.nr
        gradientPlane = columns * panel + 16
        isOneBlock = block >= grid.tiles
        sumsPlane = (isOneBlock ? chunk : phases.count * ic * columns) * kernels.nr + 16
    }

    /// The sums that are made together: half of a small second-level cache.
    private static let chunkBytes = 256 << 10

    /// How the tiles are cut; `ic` counts the channels of all phases.
    private struct BlockSizes {
        var tiles: Int
        var products: Int
        var ic: Int
        var oc: Int

        /// Bytes of sums, and of transforms, that one thread keeps at hand: both fit into a second-level cache of 1 MB.
        private static let sliceBytes = 384 << 10

        /// How many slices the tiles are cut into, 1 where the sums are too large for it: a power of two, of at least four blocks each.
        var slices: Int {
            guard products * 4 * ic * oc <= Self.sliceBytes else { return 1 }
            var count = 1
            while count < 16, tiles >= 8 * count * slicedBlock { count *= 2 }
            return count
        }

        private var slicedBlock: Int { max(16, min(96, Self.sliceBytes / (products * 4 * (ic + oc)))) }

        /// A block reads and writes all sums once, and writes and reads its transforms: their traffic is equal at ic · oc / (ic + oc) tiles.
        var blockTiles: Int {
            if slices > 1 { return slicedBlock }
            let wanted = max(1, min(tiles, max(96, min(256, ic * oc / (ic + oc)))))
            let blocks = max(1, (tiles + wanted - 1) / wanted)
            return max(1, (tiles + blocks - 1) / blocks)
        }
    }

    /// As SWIFTCONV_ALGORITHM names it.
    var name: String { "winograd-\(taps)x\(taps)" }
    var blockTiles: Int { block }
    var tiles: Double { Double(grid.tiles) }
    /// Elements of the transforms of dy that are read again for each chunk of channels, where one block holds all tiles.
    var readAgain: Double {
        isOneBlock ? Double((image.c + chunk - 1) / chunk * phases.count) * Double(products) * tiles * Double(columns * kernels.nr) : 0
    }
    /// Multiply-adds of the products of one tile, which is also the number of sums.
    var productWork: Double {
        Double(phases.reduce(0) { $0 + products - $1.zeros.nonzeroBitCount }) * Double(image.c) * Double(image.oc)
    }
    /// Elements that the transforms of one tile write and read.
    var moved: Double { Double(products) * (Double(phases.count * image.c) + Double(image.oc)) }

    private var transformFloats: Int { products * (inputPlane + gradientPlane) }
    private var sliceSums: SliceSums { SliceSums(slices: slices, elements: products * sumsPlane, dtype: .float32) }

    package var workspaceBytes: Int {
        if slices > 1 { return (threads * (transformFloats + patchFloats) + products * sumsPlane) * 4 + sliceSums.bytes }
        return (transformFloats + products * (isOneBlock ? threads : 1) * sumsPlane + threads * patchFloats) * 4
    }

    package func run(
        x: UnsafePointer<Float>, dy: UnsafePointer<Float>, dfilter: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
    ) {
        phases.withUnsafeBufferPointer { run(x, dy, dfilter, workspace, $0) }
    }

    private func run(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ dfilter: UnsafeMutablePointer<Float>,
        _ workspace: UnsafeMutablePointer<Float>, _ phases: WinogradPlaces
    ) {
        if slices > 1 { return runSlices(x, dy, dfilter, workspace, phases) }
        let v = workspace
        let u = v + products * inputPlane
        let sums = u + products * gradientPlane
        let patches = sums + products * (isOneBlock ? threads : 1) * sumsPlane
        if isOneBlock {
            parallelFor(grid.tiles, grain: 1, threads: threads) { range, worker in
                transform(x, dy, 0, range, v, u, patches + worker * patchFloats, phases)
            }
            let chunks = (image.c + chunk - 1) / chunk
            parallelFor(phases.count * chunks * columns, grain: 1, threads: threads) { range, worker in
                for index in range {
                    let (rest, column) = index.quotientAndRemainder(dividingBy: columns)
                    let (phase, part) = rest.quotientAndRemainder(dividingBy: chunks)
                    let channels = part * chunk..<min(image.c, (part + 1) * chunk)
                    gradient(v, u, phase, phases[phase], channels, column, sums + worker * products * sumsPlane, dfilter)
                }
            }
            return
        }
        var first = 0
        while first < grid.tiles {
            let count = min(block, grid.tiles - first)
            let start = first
            parallelFor(count, grain: 1, threads: threads) { range, worker in
                transform(x, dy, start, range, v, u, patches + worker * patchFloats, phases)
            }
            parallelFor(products * columns, grain: 1, threads: threads) { range, _ in
                for index in range { accumulate(index, count, v, u, sums, keep: start > 0, phases) }
            }
            first += count
        }
        finish(sums, dfilter, phases)
    }

    private func runSlices(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ dfilter: UnsafeMutablePointer<Float>,
        _ workspace: UnsafeMutablePointer<Float>, _ phases: WinogradPlaces
    ) {
        let total = workspace + threads * (transformFloats + patchFloats)
        let sums = UnsafeMutableRawPointer(total + products * sumsPlane)
        parallelFor(slices, grain: 1, threads: threads) { range, worker in
            let v = workspace + worker * (transformFloats + patchFloats)
            let u = v + products * inputPlane
            for slice in range {
                let own = sliceSums.target(slice, sums, total).assumingMemoryBound(to: Float.self)
                let (start, end) = (grid.tiles * slice / slices, grid.tiles * (slice + 1) / slices)
                for first in stride(from: start, to: end, by: block) {
                    let count = min(block, end - first)
                    transform(x, dy, first, 0..<count, v, u, v + transformFloats, phases)
                    for index in 0..<products * columns {
                        accumulate(index, count, v, u, own, keep: first > start, phases)
                    }
                }
            }
        }
        sliceSums.add(sums, to: total, threads: threads)
        finish(total, dfilter, phases)
    }

    /// The product with the number `index` = e · columns + column of a block of tiles, added to what the sums hold if `keep`.
    private func accumulate(
        _ index: Int, _ tiles: Int, _ v: UnsafePointer<Float>, _ u: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, keep: Bool,
        _ phases: WinogradPlaces
    ) {
        let (e, column) = index.quotientAndRemainder(dividingBy: columns)
        for phase in 0..<phases.count where !phases[phase].isZero(e) {
            kernels.accumulate(
                tiles, image.c, v + e * inputPlane + phase * paddedIC, inputRow, u + e * gradientPlane + column * panel,
                sums + e * sumsPlane + (phase * image.c * columns + column) * kernels.nr, columns * kernels.nr, keep ? 1 : 0)
        }
    }

    /// The gradient from all sums.
    private func finish(_ sums: UnsafePointer<Float>, _ dfilter: UnsafeMutablePointer<Float>, _ phases: WinogradPlaces) {
        parallelFor(phases.count * image.c, grain: 1, threads: threads) { range, _ in
            for row in range {
                let (phase, channel) = row.quotientAndRemainder(dividingBy: image.c)
                store(sums + row * columns * kernels.nr, phases[phase], channel, 0, image.oc, dfilter)
            }
        }
    }

    /// The taps of a phase, of one input channel and the output channels from `first` on, from their sums. Sums that are not there belong to
    /// taps that are not there.
    private func store(
        _ sums: UnsafePointer<Float>, _ place: WinogradPlace, _ channel: Int, _ first: Int, _ count: Int,
        _ dfilter: UnsafeMutablePointer<Float>
    ) {
        let tap = image.c * image.oc
        transforms.filter(
            tapStride.h * filterWidth * tap, tapStride.w * tap, place.taps.h, place.taps.w, count, sums, sumsPlane,
            dfilter + place.firstTap * tap + channel * image.oc + first)
    }

    /// The gradient of a phase's taps, of some input channels and a panel of columns, from the transforms of all tiles.
    private func gradient(
        _ v: UnsafePointer<Float>, _ u: UnsafePointer<Float>, _ phase: Int, _ place: WinogradPlace, _ channels: Range<Int>, _ column: Int,
        _ sums: UnsafeMutablePointer<Float>, _ dfilter: UnsafeMutablePointer<Float>
    ) {
        let nr = kernels.nr
        for e in 0..<products where !place.isZero(e) {
            kernels.accumulate(
                grid.tiles, channels.count, v + e * inputPlane + phase * paddedIC + channels.lowerBound, inputRow,
                u + e * gradientPlane + column * panel, sums + e * sumsPlane, nr, 0)
        }
        for channel in channels {
            let from = sums + (channel - channels.lowerBound) * nr
            store(from, place, channel, column * nr, min(nr, image.oc - column * nr), dfilter)
        }
    }

    /// The patches and the tiles of dy with the numbers `first` + `range`, as rows `range` of the operands.
    private func transform(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ first: Int, _ range: Range<Int>, _ v: UnsafeMutablePointer<Float>,
        _ u: UnsafeMutablePointer<Float>, _ patch: UnsafeMutablePointer<Float>, _ phases: WinogradPlaces
    ) {
        let tiles = first + range.lowerBound..<first + range.upperBound
        let (stride, nr) = (tapStride, kernels.nr)
        let (pixels, outputs) = (image.h * image.w * image.c, image.oh * image.ow * image.oc)
        let (v, u) = (v + range.lowerBound * inputRow, u + range.lowerBound * nr)
        withUnsafePointer(to: image) { geometry in
            for i in 0..<phases.count {
                let from = phases[i].input
                let v = v + i * paddedIC
                grid.forEach(tiles) { tile, at in
                    transformInput.input(
                        geometry, x + at.image * pixels, at.top * stride.h + from.h, at.left * stride.w + from.w, v + tile * inputRow,
                        inputPlane, patch)
                }
            }
            grid.forEach(tiles) { tile, at in
                transforms.output(geometry, dy + at.image * outputs, at.top, at.left, u + tile * nr, gradientPlane, panel, patch)
            }
        }
    }
}
