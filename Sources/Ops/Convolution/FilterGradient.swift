import CKernelInterface
import Runtime
import TensorCore

/// dfilter as a product over pixels: row (tap, input channel), column output channel, the sum runs over the output pixels.
///
/// Pixels are taken by chunks. Of a chunk dy is packed by panels of columns, the image by panels of a register tile's rows: what lies
/// outside the image becomes zeros there, and output rows follow each other, so that the kernel runs over a whole chunk without a
/// stop. A panel of the image serves all columns and all rows of the filter. The pixels are cut into slices by the shape alone, each
/// slice has its own sums, and these are added in the order of the slices: the bits do not depend on the threads.
struct FilterGradient: Sendable {
    private let s: ConvolutionShape
    private let threads: Int
    private let size: Int
    private let mr: Int
    private let nr: Int
    private let functions: sc_gemm_functions
    private let movement = Kernels.table.movement
    private let copyRuns: @convention(c) (UnsafeRawPointer?, Int, UnsafeMutableRawPointer?, Int, Int, Int) -> Void

    /// The images seen as rows of pixels; a 1×1 convolution without borders is one long row.
    private let n: Int
    private let oh: Int
    private let ow: Int
    private let pointwise: Bool
    /// A chunk is some images, or some rows of one image, or some columns of one row.
    private let chunk: (images: Int, rows: Int, columns: Int)
    private let chunks: Int
    private let slices: Int
    private let layout: FilterGradientRows
    /// Blocks of tiles whose panels stay in the second-level cache.
    private let blocks: [Range<Int>]
    private let rowsPerImage: Int
    private let panelBytes: Int
    private let tableBytes: Int
    private let packedBytes: Int
    private let packs: Bool

    private var panels: Int { (s.ocPerGroup + nr - 1) / nr }
    private var tileWords: Int { 1 + mr + chunk.images * (mr + 2) }
    private var rows: Int { s.kh * s.kw * s.icPerGroup }
    private var workerBytes: Int { tableBytes + packedBytes + (packs ? panels * panelBytes : 0) }
    private var sliceSums: SliceSums { SliceSums(slices: slices, elements: rows * s.oc, dtype: s.dtype, kernels: movement) }
    var workspaceBytes: Int { 64 + threads * workerBytes + sliceSums.bytes }

    /// Pixels of a chunk: a panel of dy of 16 columns then takes 16 KB, half of a first-level cache.
    private static let targetPixels = 256
    /// Pixels of dy that are packed for all panels before the next ones: their lines in order, which the hardware reads ahead.
    private static let packedPixels = 16
    /// Bytes of packed image: a third of a small second-level cache.
    private static let targetBytes = 160 << 10
    /// Pieces of work for which slices and blocks are cut.
    private static let targetUnits = 16

    init(_ shape: ConvolutionShape, threads: Int, kernels: sc_gemm_kernels = Kernels.table.gemm) {
        s = shape
        self.threads = max(1, threads)
        size = shape.dtype.size
        mr = kernels.mr
        nr = shape.dtype == .float32 ? kernels.nr_f32 : kernels.nr_f64
        functions = shape.dtype == .float32 ? kernels.f32 : kernels.f64
        copyRuns = kernels.copy_runs
        pointwise = shape.isPointwise
        (n, oh, ow) = pointwise ? (1, 1, shape.n * shape.oh * shape.ow) : (shape.n, shape.oh, shape.ow)

        let columns = ow <= Self.targetPixels * 3 / 2 ? max(1, ow) : Self.even(ow, Self.targetPixels)
        let rows = columns < ow ? 1 : max(1, min(oh, Self.even(oh, Self.targetPixels / columns)))
        let images = rows < oh ? 1 : max(1, min(n, Self.even(n, Self.targetPixels / (rows * columns))))
        chunk = (images, rows, columns)
        chunks =
            n * oh * ow == 0
            ? 0 : ((n + images - 1) / images) * ((oh + rows - 1) / rows) * ((ow + columns - 1) / columns)

        layout = FilterGradientRows(shape, pointwise: pointwise, outputs: (oh, ow), chunkRows: rows, mr: kernels.mr)
        rowsPerImage = layout.classes.reduce(0) { $0 + rows + $1.span }
        let pixels = images * rowsPerImage * columns
        let tiles = layout.tiles.count
        let taps = layout.tapRows.count

        let byCache = max(1, Self.targetBytes / max(1, mr * pixels * size))
        let sumsLimit = (32 << 20) / max(1, shape.kh * shape.kw * shape.icPerGroup * shape.oc * size)
        let cacheBlocks = (tiles + byCache - 1) / byCache
        slices = max(1, min(chunks / 2, (Self.targetUnits + shape.groups * cacheBlocks - 1) / (shape.groups * cacheBlocks), sumsLimit))
        // A block should use a panel of dy, once it is in the first-level cache, for some tiles.
        let wanted = (Self.targetUnits + shape.groups * slices - 1) / (shape.groups * slices)
        let count = max(cacheBlocks, min(wanted, max(1, tiles * taps / 4), tiles))
        blocks = (0..<count).map { tiles * $0 / count..<tiles * ($0 + 1) / count }
        let widest = blocks.map(\.count).max() ?? 0
        panelBytes = images * rows * columns * nr * size
        let words = 1 + mr + images * (mr + 2)
        tableBytes = (widest * taps * words * 8 + 63) / 64 * 64
        packedBytes = (widest * mr * pixels * size + 63) / 64 * 64
        packs = shape.ocPerGroup % nr != 0 || tiles * taps > 3
    }

    /// The size of nearly equal parts of `count`, each of at most 3/2 · `target`.
    private static func even(_ count: Int, _ target: Int) -> Int {
        let parts = max(1, (count + target / 2) / max(1, target))
        return max(1, (count + parts - 1) / parts)
    }

    func run(x: UnsafeRawPointer, dy: UnsafeRawPointer, dfilter: UnsafeMutableRawPointer, workspace: UnsafeMutableRawPointer) {
        let sums = workspace + 64 + threads * workerBytes
        guard chunks > 0, rows > 0, s.oc > 0 else {
            dfilter.zero(byteCount: rows * s.oc * size)
            return
        }
        parallelFor(slices * s.groups * blocks.count, threads: threads) { range, worker in
            let room = workspace + 64 + worker * workerBytes
            var unit = range.lowerBound
            while unit < range.upperBound {
                let (rest, block) = unit.quotientAndRemainder(dividingBy: blocks.count)
                let (slice, group) = rest.quotientAndRemainder(dividingBy: s.groups)
                let end = min(blocks.count, block + range.upperBound - unit)
                let target = sliceSums.target(slice, sums, dfilter)
                runSlice(
                    slice * chunks / slices..<(slice + 1) * chunks / slices, group, block..<end, x: x + group * s.icPerGroup * size,
                    dy: dy + group * s.ocPerGroup * size, target: target + group * s.ocPerGroup * size, room: room)
                unit += end - block
            }
        }
        sliceSums.add(sums, to: dfilter, threads: threads)
    }

    /// The pixels of a chunk.
    private struct Box {
        var images: Range<Int>
        var rows: Range<Int>
        var columns: Range<Int>
        var pixels: Int { images.count * rows.count * columns.count }
    }

    private func box(_ index: Int) -> Box {
        let (across, down) = ((ow + chunk.columns - 1) / chunk.columns, (oh + chunk.rows - 1) / chunk.rows)
        let (rest, column) = index.quotientAndRemainder(dividingBy: across)
        let (image, row) = rest.quotientAndRemainder(dividingBy: down)
        return Box(
            images: image * chunk.images..<min(n, (image + 1) * chunk.images), rows: row * chunk.rows..<min(oh, (row + 1) * chunk.rows),
            columns: column * chunk.columns..<min(ow, (column + 1) * chunk.columns))
    }

    private func runSlice(
        _ range: Range<Int>, _ group: Int, _ some: Range<Int>, x: UnsafeRawPointer, dy: UnsafeRawPointer, target: UnsafeMutableRawPointer,
        room: UnsafeMutableRawPointer
    ) {
        let table = room.assumingMemoryBound(to: Int.self)
        let image = room + tableBytes
        let packed = image + packedBytes
        // Tiles over two panels are no faster here: rows that lie side by side take one pointer, and lower tiles are packed in shorter runs.
        var job = sc_gemm_job()
        job.table_rows = mr
        job.tile_words = tileWords
        job.a_packed = 1
        job.b_step = packs ? nr : s.oc
        for number in range {
            let box = box(number)
            let from = dy + (((box.images.lowerBound * oh + box.rows.lowerBound) * ow) + box.columns.lowerBound) * s.oc * size
            if packs {
                for first in stride(from: 0, to: box.pixels, by: Self.packedPixels) {
                    for panel in 0..<panels {
                        functions.pack(
                            from + (first * s.oc + panel * nr) * size, min(Self.packedPixels, box.pixels - first),
                            min(nr, s.ocPerGroup - panel * nr), s.oc, 1, packed + panel * panelBytes + first * nr * size)
                    }
                }
            }
            job.accumulate = number == range.lowerBound ? 0 : 1
            for block in some {
                let tiles = blocks[block]
                pack(tiles, box, x, image)
                let parts = writeTable(
                    tiles, box, image: image, target: target, bStep: job.b_step * size, table, keepEmpty: job.accumulate == 0)
                for panel in 0..<panels {
                    job.b = packs ? UnsafeRawPointer(packed + panel * panelBytes) : from + panel * nr * size
                    job.columns = min(nr, s.ocPerGroup - panel * nr)
                    job.y_offset = panel * nr * size
                    var first = UnsafePointer(table)
                    for part in [parts.tall, parts.low] where part.count > 0 {
                        job.tiles = first
                        job.tile_count = part.count
                        job.rows = part.height
                        job.a_step = part.height
                        functions.tiles(&job)
                        first += part.count * tileWords
                    }
                }
            }
        }
    }

    /// Packs the image for some tiles: [tile][image][row of a class][column][row of the tile].
    private func pack(_ tiles: Range<Int>, _ box: Box, _ x: UnsafeRawPointer, _ room: UnsafeMutableRawPointer) {
        let line = pointwise ? ow : s.iw
        let height = pointwise ? 1 : s.ih
        let (strideH, strideW) = (s.geometry.h.stride, pointwise ? s.ic : s.geometry.w.stride * s.ic)
        let columns = box.columns
        var to = room
        for tile in tiles {
            let tile = layout.tiles[tile]
            let step = tile.height * size
            for image in box.images {
                let source = x + image * height * line * s.ic * size
                for rowClass in layout.classes {
                    for t in box.rows.lowerBound + rowClass.low..<box.rows.upperBound + rowClass.high {
                        for piece in tile.pieces {
                            let y = pointwise ? 0 : t * strideH + rowClass.residue + piece.row
                            let at = to + piece.at * size
                            guard y >= 0 && y < height else {
                                zero(at, step, columns.count, piece.count)
                                continue
                            }
                            let row = source + y * line * s.ic * size
                            let inner = piece.inner.clamped(to: columns)
                            if !inner.isEmpty {
                                copyRuns(
                                    row + (inner.lowerBound * strideW + piece.source) * size, strideW * size,
                                    at + (inner.lowerBound - columns.lowerBound) * step, step, piece.count * size, inner.count)
                            }
                            for o in columns where !inner.contains(o) {
                                edge(row, o * strideW + piece.source, piece.count, line * s.ic, at + (o - columns.lowerBound) * step)
                            }
                        }
                        to += columns.count * step
                    }
                }
            }
        }
    }

    /// `count` values from element `first` of a row of `line` elements, zeros beyond its ends.
    private func edge(_ row: UnsafeRawPointer, _ first: Int, _ count: Int, _ line: Int, _ to: UnsafeMutableRawPointer) {
        for i in 0..<count {
            let valid = first + i >= 0 && first + i < line
            if size == 4 {
                let value: UInt32 = valid ? row.load(fromByteOffset: (first + i) * 4, as: UInt32.self) : 0
                to.storeBytes(of: value, toByteOffset: i * 4, as: UInt32.self)
            } else {
                let value: UInt64 = valid ? row.load(fromByteOffset: (first + i) * 8, as: UInt64.self) : 0
                to.storeBytes(of: value, toByteOffset: i * 8, as: UInt64.self)
            }
        }
    }

    private func zero(_ to: UnsafeMutableRawPointer, _ step: Int, _ pixels: Int, _ count: Int) {
        for p in 0..<pixels { (to + p * step).zero(byteCount: count * size) }
    }

    /// Writes the table of a block, tiles of one height after those of the other: how many of each there are.
    private func writeTable(
        _ tiles: Range<Int>, _ box: Box, image: UnsafeMutableRawPointer, target: UnsafeMutableRawPointer, bStep: Int,
        _ table: UnsafeMutablePointer<Int>, keepEmpty: Bool
    ) -> (tall: (height: Int, count: Int), low: (height: Int, count: Int)) {
        let tallest = layout.tiles[tiles].lazy.map(\.height).max() ?? 0
        var tall = (height: tallest, count: 0)
        var low = (height: tallest - 1, count: 0)
        let imageRows = layout.classes.reduce(0) { $0 + box.rows.count + $1.span }
        var entry = table
        for pass in 0..<2 {
            var panel = Int(bitPattern: image)
            for index in tiles {
                let tile = layout.tiles[index]
                let pixel = tile.height * size
                let whole = box.images.count * imageRows * box.columns.count * pixel
                defer { panel += whole }
                guard (tile.height == tallest) == (pass == 0) else { continue }
                for tap in layout.tapRows {
                    let seen = tap.outputs.clamped(to: box.rows)
                    guard keepEmpty || !seen.isEmpty else { continue }
                    entry[0] = seen.isEmpty ? 0 : box.images.count
                    for p in 0..<mr {
                        let row = tap.first + tile.first + min(p, tile.height - 1)
                        entry[1 + p] = Int(bitPattern: target) + row * s.oc * size
                    }
                    var before = 0
                    for rowClass in layout.classes[..<min(tap.rowClass, layout.classes.count)] { before += box.rows.count + rowClass.span }
                    var segment = entry + 1 + mr
                    for place in 0..<entry[0] {
                        let row = before + seen.lowerBound + tap.shift - box.rows.lowerBound - layout.classes[tap.rowClass].low
                        let a = panel + (place * imageRows + row) * box.columns.count * pixel
                        segment[0] = (place * box.rows.count + seen.lowerBound - box.rows.lowerBound) * box.columns.count * bStep
                        segment[1] = seen.count * box.columns.count
                        for p in 0..<mr { segment[2 + p] = a + min(p, tile.height - 1) * size }
                        segment += mr + 2
                    }
                    entry += tileWords
                    if pass == 0 { tall.count += 1 } else { low.count += 1 }
                }
            }
        }
        return (tall, low)
    }
}
