import CKernelInterface
import Runtime
import TensorCore

/// A 3×3, stride-1, undilated, ungrouped float32 convolution by Winograd's F(4×4, 3×3): a quarter of the multiplications.
///
/// Blocks of tiles are transformed, multiplied and transformed back in scratch that stays in cache. An output's sum runs over the
/// input channels in order, whatever the blocks and threads, so its bits do not depend on them.
package struct WinogradConvolution: Sendable {
    private let image: sc_winograd_image
    private let images: Int
    private let tilesH: Int
    private let tilesW: Int
    private let kernels: sc_winograd_kernels
    private let threads: Int
    /// Input and output channels, rounded up to whole vectors and to whole packed columns.
    private let paddedIC: Int
    private let paddedOC: Int
    /// Tiles in a block; rows of the scratch matrices (whole register tiles).
    private let block: Int
    /// Whether the threads share the steps of one block (few tiles) or take blocks of their own.
    private let shared: Bool

    /// Elements between the 36 planes: one cache line more than the matrix, or they would fall on the same sets of the first-level cache.
    private var inputPlane: Int { block * paddedIC + 16 }
    private var outputPlane: Int { block * paddedOC + 16 }
    private var blockFloats: Int { 36 * (inputPlane + outputPlane) }
    private let patchFloats = 72 * 16

    /// The multiplications' additions and multiplications, and those of the transforms: what a cost model compares.
    package private(set) var flops: Int

    package init(
        n: Int, h: Int, w: Int, ic: Int, oc: Int, oh: Int, ow: Int, padTop: Int, padLeft: Int, threads: Int,
        kernels: sc_winograd_kernels = Kernels.table.winograd
    ) {
        self.kernels = kernels
        self.threads = threads
        images = n
        image = sc_winograd_image(h: h, w: w, c: ic, oh: oh, ow: ow, oc: oc, pad_top: padTop, pad_left: padLeft)
        tilesH = (oh + 3) / 4
        tilesW = (ow + 3) / 4
        paddedIC = (ic + 15) / 16 * 16
        paddedOC = (oc + kernels.nr - 1) / kernels.nr * kernels.nr
        let tiles = n * tilesH * tilesW
        // The scratch should stay in a second-level cache of 512 KB, for it is read back soon. But each block reads the whole packed
        // filter once: a larger block where the filter would otherwise cost more traffic than the scratch.
        let fitting = (384 << 10) / (36 * 4 * (paddedIC + paddedOC))
        let filterBound = ic * oc / (ic + oc) / 2
        let wanted = min(tiles, max(4 * kernels.mr, min(max(fitting, filterBound), 192)))
        let blocks = max(1, (tiles + wanted - 1) / wanted)
        shared = blocks < 2 * threads && threads > 1
        let even = shared ? min(tiles, 512) : (tiles + blocks - 1) / blocks
        block = max(1, (even + kernels.mr - 1) / kernels.mr) * kernels.mr
        flops = 2 * 36 * tiles * ic * oc + tiles * (ic * 156 + oc * 90)
    }

    /// Elements between packed panels; the extra line again keeps the 36 panels of a block off each other's cache sets.
    private var panel: Int { image.c * kernels.nr + 16 }

    package var packedBytes: Int { 36 * (paddedOC / kernels.nr) * panel * 4 }
    package var workspaceBytes: Int { ((shared ? 1 : threads) * blockFloats + threads * patchFloats) * 4 }

    /// Transforms `filter` [3][3][ic][oc] into `packed`.
    package func pack(_ filter: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
        let blocks = paddedOC / kernels.nr
        parallelFor(blocks, grain: max(1, 16384 / (image.c * kernels.nr)), threads: threads) { range, _ in
            kernels.filter(filter, image.c, image.oc, range.lowerBound, range.upperBound, packed)
        }
    }

    package func run(
        x: UnsafePointer<Float>, packed: UnsafePointer<Float>, bias: UnsafePointer<Float>?, slope: Float, ceiling: Float,
        y: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
    ) {
        let epilogue = sc_winograd_epilogue(bias: bias, slope: slope, ceiling: ceiling)
        let tiles = images * tilesH * tilesW
        let blocks = (tiles + block - 1) / block
        let patches = workspace + (shared ? 1 : threads) * blockFloats
        let columns = paddedOC / kernels.nr
        if shared {
            let v = workspace
            let m = v + 36 * inputPlane
            for b in 0..<blocks {
                let range = b * block..<min(tiles, (b + 1) * block)
                parallelFor(range.count, grain: 1, threads: threads) { part, worker in
                    let from = range.lowerBound + part.lowerBound
                    transformInput(x, from..<from + part.count, v + part.lowerBound * paddedIC, patches + worker * patchFloats)
                }
                let rows = wholeRows(range.count)
                parallelFor(36 * columns, grain: 1, threads: threads) { part, _ in
                    multiply(v, packed, m, rows: rows, products: part)
                }
                parallelFor(range.count, grain: 1, threads: threads) { part, _ in
                    let from = range.lowerBound + part.lowerBound
                    transformOutput(m + part.lowerBound * paddedOC, from..<from + part.count, epilogue, y)
                }
            }
        } else {
            parallelFor(blocks, grain: 1, threads: threads) { part, worker in
                let v = workspace + worker * blockFloats
                let m = v + 36 * inputPlane
                for b in part {
                    let range = b * block..<min(tiles, (b + 1) * block)
                    transformInput(x, range, v, patches + worker * patchFloats)
                    multiply(v, packed, m, rows: wholeRows(range.count), products: 0..<36 * columns)
                    transformOutput(m, range, epilogue, y)
                }
            }
        }
    }

    private func wholeRows(_ tiles: Int) -> Int { (tiles + kernels.mr - 1) / kernels.mr * kernels.mr }

    private func position(_ tile: Int) -> (image: Int, row: Int, column: Int) {
        let (imageIndex, rest) = tile.quotientAndRemainder(dividingBy: tilesH * tilesW)
        return (imageIndex, rest / tilesW, rest % tilesW)
    }

    private func transformInput(
        _ x: UnsafePointer<Float>, _ tiles: Range<Int>, _ v: UnsafeMutablePointer<Float>, _ patch: UnsafeMutablePointer<Float>
    ) {
        withUnsafePointer(to: image) { geometry in
            for (index, tile) in tiles.enumerated() {
                let at = position(tile)
                kernels.input(
                    geometry, x + at.image * image.h * image.w * image.c, at.row, at.column, v + index * paddedIC, inputPlane, patch)
            }
        }
    }

    /// The products with the indices `products`: index = e · (columns of panels) + panel.
    private func multiply(
        _ v: UnsafePointer<Float>, _ packed: UnsafePointer<Float>, _ m: UnsafeMutablePointer<Float>, rows: Int, products: Range<Int>
    ) {
        let columns = paddedOC / kernels.nr
        for product in products {
            let (e, column) = product.quotientAndRemainder(dividingBy: columns)
            kernels.multiply(
                rows, image.c, v + e * inputPlane, paddedIC, packed + (column * 36 + e) * panel,
                m + e * outputPlane + column * kernels.nr, paddedOC)
        }
    }

    private func transformOutput(
        _ m: UnsafePointer<Float>, _ tiles: Range<Int>, _ epilogue: sc_winograd_epilogue, _ y: UnsafeMutablePointer<Float>
    ) {
        withUnsafePointer(to: image) { geometry in
            withUnsafePointer(to: epilogue) { epilogue in
                for (index, tile) in tiles.enumerated() {
                    let at = position(tile)
                    kernels.output(
                        geometry, m + index * paddedOC, outputPlane, at.row, at.column, 0, image.oc, epilogue,
                        y + at.image * image.oh * image.ow * image.oc)
                }
            }
        }
    }
}
