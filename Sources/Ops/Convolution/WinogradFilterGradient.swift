import CKernelInterface
import Runtime
import TensorCore

/// The gradient of a 3×3, stride-1, ungrouped float32 filter by Winograd's F(3×3, 4×4): patches of x and tiles of dy are transformed,
/// 36 products sum over the tiles, and one transform of these sums gives the filter's gradient.
///
/// The sums run over the blocks of tiles in their order, and blocks follow from the shape alone: the bits do not depend on the threads.
/// Where one block holds all tiles, the sums of some input channels and columns are turned into their part of the gradient at once.
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
        image = sc_winograd_image(h: h, w: w, c: ic, oh: oh, ow: ow, oc: oc, step_h: dilation.h, step_w: dilation.w)
        grid = WinogradGrid(images: n, oh: oh, ow: ow, outputs: 4, dilation: dilation)
        paddedIC = (ic + 15) / 16 * 16
        columns = (oc + kernels.nr - 1) / kernels.nr
        block = Self.blockTiles(grid.tiles, ic, oc)
        chunk = min(ic, max(1, Self.chunkBytes / (36 * 4 * kernels.nr * kernels.mr)) * kernels.mr)
    }

    /// The sums that are made together: half of a small second-level cache.
    private static let chunkBytes = 256 << 10

    /// A block reads and writes all sums once, and writes and reads its transforms: their traffic is equal at ic · oc / (ic + oc) tiles.
    static func blockTiles(_ tiles: Int, _ ic: Int, _ oc: Int) -> Int {
        let wanted = max(1, min(tiles, max(96, min(256, ic * oc / (ic + oc)))))
        let blocks = max(1, (tiles + wanted - 1) / wanted)
        return max(1, (tiles + blocks - 1) / blocks)
    }

    package var workspaceBytes: Int {
        (36 * (inputPlane + gradientPlane + (isOneBlock ? threads : 1) * sumsPlane) + threads * patchFloats) * 4
    }

    package func run(
        x: UnsafePointer<Float>, dy: UnsafePointer<Float>, dfilter: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
    ) {
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
                for index in range {
                    let (e, column) = index.quotientAndRemainder(dividingBy: columns)
                    kernels.accumulate(
                        count, image.c, v + e * inputPlane, paddedIC, u + e * gradientPlane + column * panel,
                        sums + e * sumsPlane + column * kernels.nr, columns * kernels.nr, start == 0 ? 0 : 1)
                }
            }
            first += count
        }
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
