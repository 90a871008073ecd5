import CKernelInterface
import Runtime
import TensorCore

/// A stride-1, ungrouped float32 convolution by one of Winograd's forms: F(4×4, 3×3), a quarter of the multiplications, F(2×2, 3×3), 4/9 of
/// them, F(2×2, 5×5), 9/25, or F(m, r) for filters of one row or column, (m + r - 1) / (m · r).
///
/// A dilated filter is a plain one on each of the grids of every d-th row and column: their tiles take pixels d apart.
/// Blocks of tiles are transformed, multiplied and transformed back in scratch that stays in cache. An output's sum runs over the
/// input channels in order, whatever the blocks and threads, so its bits do not depend on them.
///
/// The transformed filter is larger than the plain one, for 3×3 four (or 16/9) times. For few tiles reading it takes longer than transforming it again: `fused`
/// transforms a part of the filter that fits into the second-level cache, multiplies with it, and goes on to the next.
package struct WinogradConvolution: Sendable {
    private let image: sc_winograd_image
    private let grid: WinogradGrid
    private let padTop: Int
    private let padLeft: Int
    private let kernels: sc_winograd_kernels
    private let transforms: sc_winograd_tile_kernels
    /// Products of a tile, and the filter's taps.
    private let products: Int
    private let taps: Int
    private let threads: Int
    private let fused: Bool
    /// Whether the filter is another convolution's, [kh][kw][oc][ic], to be turned by half a turn: the gradient of that one's input.
    private let turned: Bool
    private let transpose: @convention(c) (Int, Int, Int, UnsafeRawPointer?, Int, UnsafeMutableRawPointer?, Int) -> Void
    /// Input channels that are transformed together, where fused or turned.
    private let chunk: Int
    /// Input and output channels, rounded up to whole vectors and to whole packed columns.
    private let paddedIC: Int
    private let paddedOC: Int
    /// Tiles in a block; rows of the scratch matrices.
    private let block: Int
    /// Whether the threads share the steps of one block (few tiles) or take blocks of their own.
    private let shared: Bool

    /// Elements between the planes of the products: one cache line more than the matrix, or they would fall on the same sets of the first-level cache.
    private var inputPlane: Int { block * paddedIC + 16 }
    private var outputPlane: Int { block * paddedOC + 16 }
    private var blockFloats: Int { products * (inputPlane + outputPlane) }
    private var filterPlane: Int { chunk * kernels.nr + 16 }
    /// Scratch of a worker: a patch, a part of the filter turned, the same transformed.
    private var workerFloats: Int { patchFloats + turnedFloats + (fused ? products * filterPlane : 0) }
    private var turnedFloats: Int { turned ? taps * chunk * kernels.nr : 0 }
    private let patchFloats = 72 * 16

    /// - Parameters:
    ///   - form: of the algorithm; its window is the filter's.
    ///   - fused: whether the filter is transformed as it is used.
    ///   - turned: whether the filter is [kh][kw][oc][ic], to be turned by half a turn.
    package init(
        _ form: WinogradForm = .four, fused: Bool = false, turned: Bool = false, n: Int, h: Int, w: Int, ic: Int, oc: Int, oh: Int, ow: Int,
        padTop: Int, padLeft: Int,
        dilation: (h: Int, w: Int) = (1, 1), threads: Int, kernels: sc_winograd_kernels = Kernels.table.winograd
    ) {
        self.kernels = kernels
        self.threads = threads
        self.fused = fused
        self.turned = turned
        transpose = Kernels.table.movement.transpose
        transforms = form.transforms(kernels)
        products = form.products
        taps = form.taps
        self.padTop = padTop
        self.padLeft = padLeft
        image = sc_winograd_image(
            h: h, w: w, c: ic, oh: oh, ow: ow, oc: oc, step_h: dilation.h, step_w: dilation.w,
            is_column: form.isColumn ? 1 : 0)
        grid = WinogradGrid(images: n, oh: oh, ow: ow, outputs: form.outputs, dilation: dilation)
        paddedIC = (ic + 15) / 16 * 16
        paddedOC = (oc + kernels.nr - 1) / kernels.nr * kernels.nr
        let tiles = grid.tiles
        // The scratch should stay in a second-level cache of 512 KB, for it is read back soon. But each block reads the whole packed
        // filter once: a larger block where the filter would otherwise cost more traffic than the scratch.
        let fitting = (384 << 10) / (products * 4 * (paddedIC + paddedOC))
        let filterBound = ic * oc / (ic + oc) / 2
        let wanted = min(tiles, max(4 * kernels.mr, min(max(fitting, filterBound), 192)))
        let parts = max(1, (tiles + wanted - 1) / wanted)
        shared = fused || (parts < 2 * threads && threads > 1)
        // As many blocks as serve all threads alike.
        let blocks = shared ? max(1, (tiles + 511) / 512) : (parts + threads - 1) / threads * threads
        block = max(1, (tiles + blocks - 1) / blocks)
        let chunks = (ic * products * kernels.nr * 4 + Self.fusedBytes - 1) / Self.fusedBytes
        chunk = (ic + chunks - 1) / chunks
    }

    /// The part of a transformed filter that is used at once: half of a small second-level cache.
    private static let fusedBytes = 256 << 10

    /// Elements between packed panels; the extra line again keeps the panels of a block off each other's cache sets.
    private var panel: Int { image.c * kernels.nr + 16 }

    /// Bytes of the filter in the order in which it is used, transformed or, where fused, plain.
    package var packedBytes: Int { (fused ? taps * image.c * paddedOC : products * (paddedOC / kernels.nr) * panel) * 4 }
    package var workspaceBytes: Int { ((shared ? 1 : threads) * blockFloats + threads * workerFloats) * 4 }

    /// Whether `run` needs the packed filter: a fused one also takes the filter as it is.
    package var needsPacking: Bool { !fused }

    /// Transforms `filter` [kh][kw][ic][oc] into `packed`, or puts it in order: [panel of nr columns][ic][tap][nr].
    /// - Parameter workspace: as for `run`; a filter that is not turned needs none.
    package func pack(
        _ filter: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>? = nil
    ) {
        let nr = kernels.nr
        parallelFor(paddedOC / nr, grain: max(1, 16384 / (image.c * nr)), threads: threads) { range, worker in
            for column in range {
                if fused {
                    order(filter + column * nr, min(nr, image.oc - column * nr), into: packed + column * taps * image.c * nr)
                } else {
                    let to = packed + column * products * panel
                    let step = turned ? chunk : image.c
                    for first in stride(from: 0, to: image.c, by: step) {
                        let channels = first..<min(image.c, first + step)
                        transform(filter, column, channels, into: to + first * nr, panel, workspace.map { $0 + worker * workerFloats })
                    }
                }
            }
        }
    }

    /// Transforms the filters of some input channels and a panel of columns. `room`: a worker's, for a turned filter.
    private func transform(
        _ filter: UnsafePointer<Float>, _ column: Int, _ channels: Range<Int>, into u: UnsafeMutablePointer<Float>, _ plane: Int,
        _ room: UnsafeMutablePointer<Float>?
    ) {
        let nr = kernels.nr
        let columns = min(nr, image.oc - column * nr)
        let count = channels.count
        guard turned, let to = room.map({ $0 + patchFloats }) else {
            let from = filter + channels.lowerBound * image.oc + column * nr
            return transforms.filter(from, image.c * image.oc, image.oc, count, columns, u, plane)
        }
        for tap in 0..<taps {
            let from = filter + ((taps - 1 - tap) * image.oc + column * nr) * image.c + channels.lowerBound
            transpose(4, columns, count, from, image.c, to + tap * count * nr, nr)
        }
        transforms.filter(to, count * nr, nr, count, columns, u, plane)
    }

    private func order(_ filter: UnsafePointer<Float>, _ columns: Int, into packed: UnsafeMutablePointer<Float>) {
        var to = packed
        for channel in 0..<image.c {
            for tap in 0..<taps {
                to.update(from: filter + (tap * image.c + channel) * image.oc, count: columns)
                (to + columns).update(repeating: 0, count: kernels.nr - columns)
                to += kernels.nr
            }
        }
    }

    /// - Parameters:
    ///   - filter: [kh][kw][ic][oc]; read where `packed` is nil, which `needsPacking` rules out.
    ///   - packed: what `pack` wrote.
    package func run(
        x: UnsafePointer<Float>, filter: UnsafePointer<Float>, packed: UnsafePointer<Float>?, bias: UnsafePointer<Float>?, slope: Float,
        ceiling: Float, y: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
    ) {
        let epilogue = sc_winograd_epilogue(bias: bias, slope: slope, ceiling: ceiling)
        let tiles = grid.tiles
        let blocks = (tiles + block - 1) / block
        let rooms = workspace + (shared ? 1 : threads) * blockFloats
        let columns = paddedOC / kernels.nr
        if shared {
            let v = workspace
            let m = v + products * inputPlane
            for b in 0..<blocks {
                let range = b * block..<min(tiles, (b + 1) * block)
                parallelFor(range.count, grain: 1, threads: threads) { part, worker in
                    let from = range.lowerBound + part.lowerBound
                    transformInput(x, from..<from + part.count, v + part.lowerBound * paddedIC, rooms + worker * workerFloats)
                }
                if fused {
                    parallelFor(columns, grain: 1, threads: threads) { part, worker in
                        let room = rooms + worker * workerFloats
                        for column in part { multiplyFused(v, filter, packed, m, rows: range.count, column: column, room) }
                    }
                } else if let packed {
                    parallelFor(products * columns, grain: 1, threads: threads) { part, _ in
                        multiply(v, packed, m, rows: range.count, range: part)
                    }
                }
                parallelFor(range.count, grain: 1, threads: threads) { part, _ in
                    let from = range.lowerBound + part.lowerBound
                    transformOutput(m + part.lowerBound * paddedOC, from..<from + part.count, epilogue, y)
                }
            }
        } else if let packed {
            parallelFor(blocks, grain: 1, threads: threads) { part, worker in
                let v = workspace + worker * blockFloats
                let m = v + products * inputPlane
                for b in part {
                    let range = b * block..<min(tiles, (b + 1) * block)
                    transformInput(x, range, v, rooms + worker * workerFloats)
                    multiply(v, packed, m, rows: range.count, range: 0..<products * columns)
                    transformOutput(m, range, epilogue, y)
                }
            }
        }
    }

    private func transformInput(
        _ x: UnsafePointer<Float>, _ tiles: Range<Int>, _ v: UnsafeMutablePointer<Float>, _ patch: UnsafeMutablePointer<Float>
    ) {
        withUnsafePointer(to: image) { geometry in
            for tile in tiles {
                let at = grid[tile]
                transforms.input(
                    geometry, x + at.image * image.h * image.w * image.c, at.top - padTop, at.left - padLeft,
                    v + (tile - tiles.lowerBound) * paddedIC, inputPlane, patch)
            }
        }
    }

    /// The products with the indices in `range`: index = e · (columns of panels) + panel.
    private func multiply(
        _ v: UnsafePointer<Float>, _ packed: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>, rows: Int, range: Range<Int>
    ) {
        let columns = paddedOC / kernels.nr
        for product in range {
            let (e, column) = product.quotientAndRemainder(dividingBy: columns)
            kernels.multiply(
                rows, image.c, v + e * inputPlane, paddedIC, packed + (column * products + e) * panel,
                m + e * outputPlane + column * kernels.nr, paddedOC, 0)
        }
    }

    /// All products of a panel of columns, part by part of the filter.
    private func multiplyFused(
        _ v: UnsafePointer<Float>, _ filter: UnsafePointer<Float>, _ packed: UnsafePointer<Float>?, _ m: UnsafeMutablePointer<Float>,
        rows: Int, column: Int, _ room: UnsafeMutablePointer<Float>
    ) {
        let nr = kernels.nr
        let u = room + patchFloats + turnedFloats
        var first = 0
        while first < image.c {
            let count = min(chunk, image.c - first)
            if let packed {
                transforms.filter(packed + (column * image.c + first) * taps * nr, nr, taps * nr, count, nr, u, filterPlane)
            } else {
                transform(filter, column, first..<first + count, into: u, filterPlane, room)
            }
            // What comes next of a filter in order is asked for meanwhile: from memory it takes about as long as the products.
            let lines = packed == nil ? 0 : (min(chunk, image.c - first) * taps * nr / 16 + products - 1) / products
            let next = packed.map { UnsafeRawPointer($0 + (column * image.c + first + count) * taps * nr) }
            for e in 0..<products {
                if let next { for line in 0..<lines { sc_prefetch(next + (e * lines + line) * 64) } }
                kernels.multiply(
                    rows, count, v + e * inputPlane + first, paddedIC, u + e * filterPlane, m + e * outputPlane + column * nr, paddedOC,
                    first == 0 ? 0 : 1)
            }
            first += count
        }
    }

    private func transformOutput(
        _ m: UnsafePointer<Float>, _ tiles: Range<Int>, _ epilogue: sc_winograd_epilogue, _ y: UnsafeMutablePointer<Float>
    ) {
        withUnsafePointer(to: image) { geometry in
            withUnsafePointer(to: epilogue) { epilogue in
                for tile in tiles {
                    let at = grid[tile]
                    transforms.output(
                        geometry, m + (tile - tiles.lowerBound) * paddedOC, outputPlane, at.top, at.left, epilogue,
                        y + at.image * image.oh * image.ow * image.oc)
                }
            }
        }
    }
}
