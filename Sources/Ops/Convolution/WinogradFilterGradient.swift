import CKernelInterface
import Runtime
import TensorCore

/// The gradient of a 3×3, stride-1, ungrouped float32 filter by Winograd's F(3×3, 4×4): patches of x and tiles of dy are transformed,
/// 36 products sum over the tiles, and one transform of these sums gives the filter's gradient.
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
    private let padTop: Int
    private let padLeft: Int
    private let kernels: sc_winograd_kernels
    private let threads: Int
    private let paddedIC: Int
    private let columns: Int
    /// Input channels whose sums are made together.
    private let chunk: Int
    /// Tiles in a block.
    private let block: Int
    let slices: Int

    // Planes are a cache line longer than their content, or they would fall on the same sets of the first-level cache.
    private var inputPlane: Int { block * paddedIC + 16 }
    private var panel: Int { block * kernels.nr }
    private var gradientPlane: Int { columns * panel + 16 }
    private var sumsPlane: Int { (isOneBlock ? chunk : image.c * columns) * kernels.nr + 16 }
    private var isOneBlock: Bool { block >= grid.tiles }
    private let patchFloats = 72 * 16

    package init(
        n: Int, h: Int, w: Int, ic: Int, oc: Int, oh: Int, ow: Int, padTop: Int, padLeft: Int, dilation: (h: Int, w: Int) = (1, 1),
        threads: Int, kernels: sc_winograd_kernels = Kernels.table.winograd
    ) {
        self.kernels = kernels
        self.threads = threads
        self.padTop = padTop
        self.padLeft = padLeft
        image = sc_winograd_image(h: h, w: w, c: ic, oh: oh, ow: ow, oc: oc, step_h: dilation.h, step_w: dilation.w, is_column: 0)
        grid = WinogradGrid(images: n, oh: oh, ow: ow, outputs: (4, 4), dilation: dilation)
        paddedIC = (ic + 15) / 16 * 16
        columns = (oc + kernels.nr - 1) / kernels.nr
        slices = Self.slices(grid.tiles, ic, oc)
        block = Self.blockTiles(grid.tiles, ic, oc)
        chunk = min(ic, max(1, Self.chunkBytes / (36 * 4 * kernels.nr * kernels.mr)) * kernels.mr)
    }

    /// The sums that are made together: half of a small second-level cache.
    private static let chunkBytes = 256 << 10

    /// Bytes of sums, and of transforms, that one thread keeps at hand: both fit into a second-level cache of 1 MB.
    private static let sliceBytes = 384 << 10

    /// How many slices the tiles are cut into, 1 where the sums are too large for it: a power of two, of at least four blocks each.
    private static func slices(_ tiles: Int, _ ic: Int, _ oc: Int) -> Int {
        guard 36 * 4 * ic * oc <= sliceBytes else { return 1 }
        var count = 1
        while count < 16, tiles >= 8 * count * slicedBlock(ic, oc) { count *= 2 }
        return count
    }

    private static func slicedBlock(_ ic: Int, _ oc: Int) -> Int { max(16, min(96, sliceBytes / (36 * 4 * (ic + oc)))) }

    /// A block reads and writes all sums once, and writes and reads its transforms: their traffic is equal at ic · oc / (ic + oc) tiles.
    static func blockTiles(_ tiles: Int, _ ic: Int, _ oc: Int) -> Int {
        if slices(tiles, ic, oc) > 1 { return slicedBlock(ic, oc) }
        let wanted = max(1, min(tiles, max(96, min(256, ic * oc / (ic + oc)))))
        let blocks = max(1, (tiles + wanted - 1) / wanted)
        return max(1, (tiles + blocks - 1) / blocks)
    }

    private var transformFloats: Int { 36 * (inputPlane + gradientPlane) }
    private var sliceSums: SliceSums { SliceSums(slices: slices, elements: 36 * sumsPlane, dtype: .float32) }

    package var workspaceBytes: Int {
        if slices > 1 { return (threads * (transformFloats + patchFloats) + 36 * sumsPlane) * 4 + sliceSums.bytes }
        return (transformFloats + 36 * (isOneBlock ? threads : 1) * sumsPlane + threads * patchFloats) * 4
    }

    package func run(
        x: UnsafePointer<Float>, dy: UnsafePointer<Float>, dfilter: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
    ) {
        if slices > 1 { return runSlices(x, dy, dfilter, workspace) }
        let v = workspace
        let u = v + 36 * inputPlane
        let sums = u + 36 * gradientPlane
        let patches = sums + 36 * (isOneBlock ? threads : 1) * sumsPlane
        if isOneBlock {
            parallelFor(grid.tiles, grain: 1, threads: threads) { range, worker in
                transform(x, dy, 0, range, v, u, patches + worker * patchFloats)
            }
            let chunks = (image.c + chunk - 1) / chunk
            parallelFor(chunks * columns, grain: 1, threads: threads) { range, worker in
                for index in range {
                    let (part, column) = index.quotientAndRemainder(dividingBy: columns)
                    gradient(v, u, part * chunk..<min(image.c, (part + 1) * chunk), column, sums + worker * 36 * sumsPlane, dfilter)
                }
            }
            return
        }
        var first = 0
        while first < grid.tiles {
            let count = min(block, grid.tiles - first)
            let start = first
            parallelFor(count, grain: 1, threads: threads) { range, worker in
                transform(x, dy, start, range, v, u, patches + worker * patchFloats)
            }
            parallelFor(36 * columns, grain: 1, threads: threads) { range, _ in
                for index in range { accumulate(index, count, v, u, sums, keep: start > 0) }
            }
            first += count
        }
        finish(sums, dfilter)
    }

    private func runSlices(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ dfilter: UnsafeMutablePointer<Float>,
        _ workspace: UnsafeMutablePointer<Float>
    ) {
        let total = workspace + threads * (transformFloats + patchFloats)
        let sums = UnsafeMutableRawPointer(total + 36 * sumsPlane)
        parallelFor(slices, grain: 1, threads: threads) { range, worker in
            let v = workspace + worker * (transformFloats + patchFloats)
            let u = v + 36 * inputPlane
            for slice in range {
                let own = sliceSums.target(slice, sums, total).assumingMemoryBound(to: Float.self)
                let (start, end) = (grid.tiles * slice / slices, grid.tiles * (slice + 1) / slices)
                for first in stride(from: start, to: end, by: block) {
                    let count = min(block, end - first)
                    transform(x, dy, first, 0..<count, v, u, v + transformFloats)
                    for index in 0..<36 * columns {
                        accumulate(index, count, v, u, own, keep: first > start)
                    }
                }
            }
        }
        sliceSums.add(sums, to: total, threads: threads)
        finish(total, dfilter)
    }

    /// The product with the number `index` = e · columns + column of a block of tiles, added to what the sums hold if `keep`.
    private func accumulate(
        _ index: Int, _ tiles: Int, _ v: UnsafePointer<Float>, _ u: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, keep: Bool
    ) {
        let (e, column) = index.quotientAndRemainder(dividingBy: columns)
        kernels.accumulate(
            tiles, image.c, v + e * inputPlane, paddedIC, u + e * gradientPlane + column * panel,
            sums + e * sumsPlane + column * kernels.nr,
            columns * kernels.nr, keep ? 1 : 0)
    }

    /// The gradient from all sums.
    private func finish(_ sums: UnsafePointer<Float>, _ dfilter: UnsafeMutablePointer<Float>) {
        parallelFor(image.c, grain: 1, threads: threads) { range, _ in
            for channel in range {
                kernels.filter_gradient(
                    image.c * image.oc, image.oc, sums + channel * columns * kernels.nr, sumsPlane, dfilter + channel * image.oc)
            }
        }
    }

    /// The gradient of some input channels and a panel of columns, from the transforms of all tiles.
    private func gradient(
        _ v: UnsafePointer<Float>, _ u: UnsafePointer<Float>, _ channels: Range<Int>, _ column: Int, _ sums: UnsafeMutablePointer<Float>,
        _ dfilter: UnsafeMutablePointer<Float>
    ) {
        let nr = kernels.nr
        for e in 0..<36 {
            kernels.accumulate(
                grid.tiles, channels.count, v + e * inputPlane + channels.lowerBound, paddedIC, u + e * gradientPlane + column * panel,
                sums + e * sumsPlane, nr, 0)
        }
        for channel in channels {
            kernels.filter_gradient(
                image.c * image.oc, min(nr, image.oc - column * nr), sums + (channel - channels.lowerBound) * nr, sumsPlane,
                dfilter + channel * image.oc + column * nr)
        }
    }

    /// The patches and the tiles of dy with the numbers `first` + `range`, as rows `range` of the operands.
    private func transform(
        _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ first: Int, _ range: Range<Int>, _ v: UnsafeMutablePointer<Float>,
        _ u: UnsafeMutablePointer<Float>, _ patch: UnsafeMutablePointer<Float>
    ) {
        withUnsafePointer(to: image) { geometry in
            for row in range {
                let at = grid[first + row]
                kernels.f4.input(
                    geometry, x + at.image * image.h * image.w * image.c, at.top - padTop, at.left - padLeft, v + row * paddedIC,
                    inputPlane, patch)
                kernels.gradient(
                    geometry, dy + at.image * image.oh * image.ow * image.oc, at.top, at.left, u + row * kernels.nr, gradientPlane, panel,
                    patch)
            }
        }
    }
}
