import CKernelInterface
import Runtime
import TensorCore

/// An ungrouped float32 convolution by one of Winograd's forms: F(4×4, 3×3), a quarter of the multiplications, F(2×2, 3×3), 4/9 of
/// them, F(2×2, 5×5), 9/25, F(4×4, 2×2), 25/64, or F(m, r) for filters of one row or column, (m + r - 1) / (m · r).
///
/// A dilated filter is a plain one on each of the grids of every d-th row and column: their tiles take pixels d apart.
/// A strided convolution is a sum of plain ones, the gradient of its input several of them side by side (`WinogradPhase`): their channels
/// lie one after the other in the rows of a product, of the inputs' transforms or of the outputs'.
/// Blocks of tiles are transformed, multiplied and transformed back in scratch that stays in cache. An output's sum runs over the
/// input channels in order, whatever the blocks and threads, so its bits do not depend on them.
///
/// The transformed filter is larger than the plain one, for 3×3 four (or 16/9) times. For few tiles reading it takes longer than transforming it again: `fused`
/// transforms a part of the filter that fits into the second-level cache, multiplies with it, and goes on to the next.
package struct WinogradConvolution: Sendable {
    let image: sc_winograd_image
    private let grid: WinogradGrid
    private let phases: [WinogradPlace]
    /// For each phase the filter's tap for each of its own.
    let phaseTaps: [[Int?]]
    /// How many phases are summed, and how many lie side by side: one of them is 1.
    let sources: Int
    private let targets: Int
    /// From one tile's pixels to the next one's, an output each.
    private let inputStride: (h: Int, w: Int)
    private let outputStride: (h: Int, w: Int)
    let kernels: sc_winograd_kernels
    let transforms: sc_winograd_tile_kernels
    /// Products of a tile, and the filter's taps.
    let products: Int
    let taps: Int
    let threads: Int
    let fused: Bool
    /// Whether the filter is another convolution's, [kh][kw][oc][ic]: this one is the gradient of that one's input.
    let exchanged: Bool
    /// Whether a phase's taps are collected before they are transformed.
    let gathers: Bool
    let transpose: @convention(c) (Int, Int, Int, UnsafeRawPointer?, Int, UnsafeMutableRawPointer?, Int) -> Void
    /// Input channels that are transformed together, where fused or gathered.
    let chunk: Int
    /// Input and output channels, rounded up to whole vectors and to whole packed columns.
    private let paddedIC: Int
    private let paddedOC: Int
    /// Tiles in a block; rows of the scratch matrices.
    private let block: Int
    /// Whether the threads share the steps of one block (few tiles) or take blocks of their own.
    private let shared: Bool

    /// Elements between the planes of the products: one cache line more than the matrix, or they would fall on the same sets of the first-level cache.
    private let inputPlane: Int
    private let outputPlane: Int
    private let inputRow: Int
    private let outputRow: Int
    /// Panels of columns, of one phase and of all that lie side by side.
    let panels: Int
    let columns: Int
    private var blockFloats: Int { products * (inputPlane + outputPlane) }
    private var filterPlane: Int { chunk * kernels.nr + 16 }
    /// Scratch of a worker: a patch, a part of the filter in order, the same transformed.
    var workerFloats: Int { patchFloats + gatheredFloats + (fused ? products * filterPlane : 0) }
    private var gatheredFloats: Int { gathers ? taps * chunk * kernels.nr : 0 }
    let patchFloats = 72 * 16

    /// The convolution itself. `form`: its window is that of the phases.
    static func forward(
        _ s: ConvolutionShape, _ form: WinogradForm, fused: Bool = false, threads: Int,
        kernels: sc_winograd_kernels = Kernels.table.winograd
    ) -> WinogradConvolution {
        WinogradConvolution(
            form, fused: fused, phases: WinogradPhase.forward(s), exchanged: false, filterWidth: s.kw, n: s.n, input: (s.ih, s.iw, s.ic),
            output: (s.oh, s.ow, s.oc), dilation: s.dilation, inputStride: s.stride, outputStride: (1, 1), threads: threads,
            kernels: kernels)
    }

    /// The gradient of the input: the convolution of dy with the filter turned by half a turn, its channels exchanged. Each of them makes
    /// some of its phases.
    static func backwardInput(
        _ s: ConvolutionShape, _ form: WinogradForm, fused: Bool = false, threads: Int,
        kernels: sc_winograd_kernels = Kernels.table.winograd
    ) -> [WinogradConvolution] {
        WinogradPhase.backwardInput(s).map { phases in
            WinogradConvolution(
                form, fused: fused, phases: phases, exchanged: true, filterWidth: s.kw, n: s.n, input: (s.oh, s.ow, s.oc),
                output: (s.ih, s.iw, s.ic),
                dilation: s.dilation, inputStride: (1, 1), outputStride: s.stride, threads: threads, kernels: kernels)
        }
    }

    /// - Parameters:
    ///   - fused: whether the filter is transformed as it is used.
    ///   - exchanged: whether the filter is [kh][kw][oc][ic], and the phases lie side by side; else they are summed.
    private init(
        _ form: WinogradForm, fused: Bool, phases: [WinogradPhase], exchanged: Bool, filterWidth: Int, n: Int,
        input: (h: Int, w: Int, c: Int),
        output: (h: Int, w: Int, c: Int), dilation: (h: Int, w: Int), inputStride: (h: Int, w: Int), outputStride: (h: Int, w: Int),
        threads: Int, kernels: sc_winograd_kernels
    ) {
        self.kernels = kernels
        self.threads = threads
        self.fused = fused
        self.exchanged = exchanged
        self.phases = phases.map { WinogradPlace($0, points: form.points, filterWidth: filterWidth) }
        self.inputStride = inputStride
        self.outputStride = outputStride
        let (ic, oc) = (input.c, output.c)
        transpose = Kernels.table.movement.transpose
        transforms = form.transforms(kernels)
        products = form.products
        taps = form.taps
        phaseTaps = phases.map { $0.taps(filterWidth: filterWidth) }
        gathers = exchanged || phases.count > 1
        sources = exchanged ? 1 : phases.count
        targets = exchanged ? phases.count : 1
        image = sc_winograd_image(
            h: input.h, w: input.w, c: ic, oh: output.h, ow: output.w, oc: oc, step_h: dilation.h * inputStride.h,
            step_w: dilation.w * inputStride.w, out_step_h: dilation.h * outputStride.h, out_step_w: dilation.w * outputStride.w,
            is_column: form.isColumn ? 1 : 0)
        grid = WinogradGrid(
            images: n, oh: phases.map(\.h.count).max() ?? 0, ow: phases.map(\.w.count).max() ?? 0, outputs: form.outputs, dilation: dilation
        )
        paddedIC = (ic + 15) / 16 * 16
        paddedOC = (oc + kernels.nr - 1) / kernels.nr * kernels.nr
        let tiles = grid.tiles
        // The scratch should stay in a second-level cache of 512 KB, for it is read back soon. But each block reads the whole packed
        // filter once: a larger block where the filter would otherwise cost more traffic than the scratch.
        (inputRow, outputRow) = (sources * paddedIC, targets * paddedOC)
        panels = paddedOC / kernels.nr
        columns = targets * panels
        let fitting = (384 << 10) / (products * 4 * (inputRow + outputRow))
        let filterBound = sources * ic * targets * oc / (sources * ic + targets * oc) / 2
        let wanted = min(tiles, max(4 * kernels.mr, min(max(fitting, filterBound), 192)))
        let parts = max(1, (tiles + wanted - 1) / wanted)
        shared = fused || (parts < 2 * threads && threads > 1)
        // As many blocks as serve all threads alike.
        let blocks = shared ? max(1, (tiles + 511) / 512) : (parts + threads - 1) / threads * threads
        block = max(1, (tiles + blocks - 1) / blocks)
        (inputPlane, outputPlane) = (block * inputRow + 16, block * outputRow + 16)
        let chunks = (ic * products * kernels.nr * 4 + Self.fusedBytes - 1) / Self.fusedBytes
        chunk = (ic + chunks - 1) / chunks
    }

    /// The part of a transformed filter that is used at once: half of a small second-level cache.
    private static let fusedBytes = 256 << 10

    /// Elements between packed panels; the extra line again keeps the panels of a block off each other's cache sets.
    var panel: Int { image.c * kernels.nr + 16 }

    /// Bytes of the filter in the order in which it is used, transformed or, where fused, plain.
    package var packedBytes: Int {
        phases.count * (fused ? taps * image.c * paddedOC : products * panels * panel) * 4
    }
    package var workspaceBytes: Int { ((shared ? 1 : threads) * blockFloats + threads * workerFloats) * 4 }

    /// Whether `run` needs the packed filter: a fused one also takes the filter as it is.
    package var needsPacking: Bool { !fused }

    /// Multiply-adds of the products of one tile.
    var productWork: Double {
        Double(phases.reduce(0) { $0 + products - $1.zeros.nonzeroBitCount }) * Double(image.c) * Double(image.oc)
    }
    /// Pairs of channels that have a filter, those of each phase.
    var pairs: Double { Double(phases.count) * Double(image.c) * Double(image.oc) }
    /// Elements that the transforms of one tile write and read.
    var moved: Double { Double(products) * (Double(sources * image.c) + Double(targets * image.oc)) }
    var tiles: Double { Double(grid.tiles) }
    var panelCount: Int { columns }
    var phaseCount: Int { phases.count }

    /// The phase of a panel of columns; `source`: among those that are summed.
    func phase(_ column: Int, _ source: Int) -> Int { targets > 1 ? column / panels : source }

    /// - Parameters:
    ///   - filter: [kh][kw][ic][oc]; read where `packed` is nil, which `needsPacking` rules out.
    ///   - packed: what `pack` wrote.
    package func run(
        x: UnsafePointer<Float>, filter: UnsafePointer<Float>, packed: UnsafePointer<Float>?, bias: UnsafePointer<Float>?, slope: Float,
        ceiling: Float, y: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
    ) {
        let epilogue = sc_winograd_epilogue(bias: bias, slope: slope, ceiling: ceiling)
        phases.withUnsafeBufferPointer { run(x, filter, packed, epilogue, y, workspace, $0) }
    }

    private func run(
        _ x: UnsafePointer<Float>, _ filter: UnsafePointer<Float>, _ packed: UnsafePointer<Float>?, _ epilogue: sc_winograd_epilogue,
        _ y: UnsafeMutablePointer<Float>, _ workspace: UnsafeMutablePointer<Float>, _ phases: WinogradPlaces
    ) {
        let tiles = grid.tiles
        let blocks = (tiles + block - 1) / block
        let rooms = workspace + (shared ? 1 : threads) * blockFloats
        if shared {
            let v = workspace
            let m = v + products * inputPlane
            for b in 0..<blocks {
                let range = b * block..<min(tiles, (b + 1) * block)
                parallelFor(range.count, grain: 1, threads: threads) { part, worker in
                    let from = range.lowerBound + part.lowerBound
                    transformInput(x, from..<from + part.count, v + part.lowerBound * inputRow, rooms + worker * workerFloats, phases)
                }
                if fused {
                    parallelFor(columns, grain: 1, threads: threads) { part, worker in
                        let room = rooms + worker * workerFloats
                        for column in part { multiplyFused(v, filter, packed, m, rows: range.count, column: column, room, phases) }
                    }
                } else if let packed {
                    parallelFor(products * columns, grain: 1, threads: threads) { part, _ in
                        multiply(v, packed, m, rows: range.count, range: part, phases)
                    }
                }
                parallelFor(range.count, grain: 1, threads: threads) { part, _ in
                    let from = range.lowerBound + part.lowerBound
                    transformOutput(m + part.lowerBound * outputRow, from..<from + part.count, epilogue, y, phases)
                }
            }
        } else if let packed {
            parallelFor(blocks, grain: 1, threads: threads) { part, worker in
                let v = workspace + worker * blockFloats
                let m = v + products * inputPlane
                for b in part {
                    let range = b * block..<min(tiles, (b + 1) * block)
                    transformInput(x, range, v, rooms + worker * workerFloats, phases)
                    multiply(v, packed, m, rows: range.count, range: 0..<products * columns, phases)
                    transformOutput(m, range, epilogue, y, phases)
                }
            }
        }
    }

    private func transformInput(
        _ x: UnsafePointer<Float>, _ tiles: Range<Int>, _ v: UnsafeMutablePointer<Float>, _ patch: UnsafeMutablePointer<Float>,
        _ phases: WinogradPlaces
    ) {
        let (stride, row, plane, pixels) = (inputStride, inputRow, inputPlane, image.h * image.w * image.c)
        withUnsafePointer(to: image) { geometry in
            for source in 0..<sources {
                let origin = phases[source].input
                let v = v + source * paddedIC
                grid.forEach(tiles) { tile, at in
                    transforms.input(
                        geometry, x + at.image * pixels, at.top * stride.h + origin.h, at.left * stride.w + origin.w, v + tile * row, plane,
                        patch)
                }
            }
        }
    }

    /// The products with the indices in `range`: index = e · (columns of panels) + panel.
    private func multiply(
        _ v: UnsafePointer<Float>, _ packed: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>, rows: Int, range: Range<Int>,
        _ phases: WinogradPlaces
    ) {
        for product in range {
            let (e, column) = product.quotientAndRemainder(dividingBy: columns)
            let to = m + e * outputPlane + column * kernels.nr
            var keep: Int32 = 0
            for source in 0..<sources where !phases[phase(column, source)].isZero(e) {
                kernels.multiply(
                    rows, image.c, v + e * inputPlane + source * paddedIC, inputRow,
                    packed + ((column * sources + source) * products + e) * panel, to, outputRow, keep)
                keep = 1
            }
            if keep == 0 { clear(to, rows) }
        }
    }

    /// Zeros for the products of a panel of columns that are none of its phase's.
    private func clear(_ m: UnsafeMutablePointer<Float>, _ rows: Int) {
        for row in 0..<rows { (m + row * outputRow).update(repeating: 0, count: kernels.nr) }
    }

    /// All products of a panel of columns, part by part of the filter.
    private func multiplyFused(
        _ v: UnsafePointer<Float>, _ filter: UnsafePointer<Float>, _ packed: UnsafePointer<Float>?, _ m: UnsafeMutablePointer<Float>,
        rows: Int, column: Int, _ room: UnsafeMutablePointer<Float>, _ phases: WinogradPlaces
    ) {
        let nr = kernels.nr
        let u = room + patchFloats + gatheredFloats
        var begun: UInt64 = 0
        for source in 0..<sources {
            let place = phases[phase(column, source)]
            let part = packed.map { $0 + (column * sources + source) * image.c * taps * nr }
            for first in stride(from: 0, to: image.c, by: chunk) {
                let count = min(chunk, image.c - first)
                if let part {
                    transforms.filter(part + first * taps * nr, nr, taps * nr, count, nr, u, filterPlane)
                } else {
                    transform(filter, column, source, first..<first + count, into: u, filterPlane, room + patchFloats)
                }
                // What comes next of a filter in order is asked for meanwhile: from memory it takes about as long as the products.
                let lines = part == nil ? 0 : (count * taps * nr / 16 + products - 1) / products
                let next = part.map { UnsafeRawPointer($0 + (first + count) * taps * nr) }
                for e in 0..<products where !place.isZero(e) {
                    if let next { for line in 0..<lines { sc_prefetch(next + (e * lines + line) * 64) } }
                    kernels.multiply(
                        rows, count, v + e * inputPlane + source * paddedIC + first, inputRow, u + e * filterPlane,
                        m + e * outputPlane + column * nr, outputRow, begun & 1 << UInt64(e) == 0 ? 0 : 1)
                    begun |= 1 << UInt64(e)
                }
            }
        }
        for e in 0..<products where begun & 1 << UInt64(e) == 0 { clear(m + e * outputPlane + column * nr, rows) }
    }

    private func transformOutput(
        _ m: UnsafePointer<Float>, _ tiles: Range<Int>, _ epilogue: sc_winograd_epilogue, _ y: UnsafeMutablePointer<Float>,
        _ phases: WinogradPlaces
    ) {
        let (stride, row, plane, pixels) = (outputStride, outputRow, outputPlane, image.oh * image.ow * image.oc)
        withUnsafePointer(to: image) { geometry in
            withUnsafePointer(to: epilogue) { epilogue in
                for target in 0..<targets {
                    let origin = phases[target].output
                    let m = m + target * paddedOC
                    grid.forEach(tiles) { tile, at in
                        transforms.output(
                            geometry, m + tile * row, plane, at.top * stride.h + origin.h, at.left * stride.w + origin.w, epilogue,
                            y + at.image * pixels)
                    }
                }
            }
        }
    }
}
