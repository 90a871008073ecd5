import CKernelInterface
import Runtime
import TensorCore

/// The filter gradient of images with few channels: as `FilterGradient`, but the image is read where it lies.
///
/// Runs of pixels along an image row are read in place through a pointer for each row of the tile; dy is packed by chunks of pixels
/// that stay in the second-level cache. The pixels are cut into slices by the shape alone, each slice has its own sums, and these
/// are added in the order of the slices: the bits do not depend on the threads.
struct FilterGradientRuns: Sendable {
    private let s: ConvolutionShape
    private let threads: Int
    private let size: Int
    private let mr: Int
    private let nr: Int
    private let functions: sc_gemm_functions
    private let movement = Kernels.table.movement

    /// The image seen as rows of pixels; a 1×1 convolution without borders is one long row.
    private let n: Int
    private let oh: Int
    private let ow: Int
    private let pointwise: Bool
    private let piece: Int
    private let piecesPerRow: Int
    private let piecesPerChunk: Int
    private let chunks: Int
    private let slices: Int
    private let splits: Int
    private let rows: Int
    private let blockTiles: Int
    private let maxSegments: Int
    private let heights: TileHeights
    private let packs: Bool

    private var panels: Int { (s.ocPerGroup + nr - 1) / nr }
    private var tileWords: Int { 1 + mr + maxSegments * (mr + 2) }
    private var tableBytes: Int { (blockTiles * tileWords * 8 + 63) / 64 * 64 }
    private var chunkPixels: Int { piece * piecesPerChunk }
    private var panelBytes: Int { chunkPixels * nr * size }
    private var panelsPerTask: Int { (panels + splits - 1) / splits }
    private var workerBytes: Int { tableBytes + (packs ? panelsPerTask * panelBytes : 0) }
    private var sliceSums: SliceSums { SliceSums(slices: slices, elements: rows * s.oc, dtype: s.dtype, kernels: movement) }
    var workspaceBytes: Int { 64 + threads * workerBytes + sliceSums.bytes }

    /// Pixels of a chunk: a panel of dy of 16 columns then takes 16 KB, half of a first-level cache.
    private static let targetPixels = 256

    init(_ shape: ConvolutionShape, threads: Int, kernels: sc_gemm_kernels = Kernels.table.gemm) {
        s = shape
        self.threads = max(1, threads)
        size = shape.dtype.size
        mr = kernels.mr
        nr = shape.dtype == .float32 ? kernels.nr_f32 : kernels.nr_f64
        functions = shape.dtype == .float32 ? kernels.f32 : kernels.f64
        pointwise = shape.isPointwise
        (n, oh, ow) = pointwise ? (1, 1, shape.n * shape.oh * shape.ow) : (shape.n, shape.oh, shape.ow)
        piece = max(1, min(ow, Self.targetPixels))
        piecesPerRow = (ow + piece - 1) / piece
        piecesPerChunk = max(1, Self.targetPixels / piece)
        let pieces = n * oh * piecesPerRow
        chunks = (pieces + piecesPerChunk - 1) / piecesPerChunk
        rows = shape.kh * shape.kw * shape.icPerGroup
        let sumsLimit = (32 << 20) / max(1, rows * shape.oc * size)
        slices = max(1, min(chunks / 4, 32, sumsLimit))
        let panels = (shape.ocPerGroup + nr - 1) / nr
        let tasks = slices * shape.groups
        splits = tasks >= 4 * self.threads ? 1 : max(1, min(panels, (4 * self.threads + tasks - 1) / tasks))
        // Tiles whose rows belong to several taps may need pixels one by one at the borders.
        let pure = shape.icPerGroup % kernels.mr == 0
        maxSegments = pure ? piecesPerChunk : piece * piecesPerChunk
        heights = TileHeights(rows: rows, mr: kernels.mr)
        let tiles = heights.count
        blockTiles = max(1, min(tiles, 48, (64 << 10) / (8 * (1 + kernels.mr + maxSegments * (kernels.mr + 2)))))
        packs = shape.ocPerGroup % nr != 0 || tiles > 3
    }

    func run(x: UnsafeRawPointer, dy: UnsafeRawPointer, dfilter: UnsafeMutableRawPointer, workspace: UnsafeMutableRawPointer) {
        workspace.zero(byteCount: 64)
        let zero = UnsafeRawPointer(workspace)
        let sums = workspace + 64 + threads * workerBytes
        guard chunks > 0 else {
            dfilter.zero(byteCount: rows * s.oc * size)
            return
        }
        parallelFor(slices * s.groups * splits, threads: threads) { range, worker in
            let room = workspace + 64 + worker * workerBytes
            for task in range {
                let (rest, split) = task.quotientAndRemainder(dividingBy: splits)
                let (slice, group) = rest.quotientAndRemainder(dividingBy: s.groups)
                let some = split * panels / splits..<(split + 1) * panels / splits
                let target = sliceSums.target(slice, sums, dfilter)
                runSlice(
                    slice * chunks / slices..<(slice + 1) * chunks / slices, group, some, x: x, dy: dy, target: target, zero: zero,
                    room: room)
            }
        }
        sliceSums.add(sums, to: dfilter, threads: threads)
    }

    private func runSlice(
        _ range: Range<Int>, _ group: Int, _ some: Range<Int>, x: UnsafeRawPointer, dy: UnsafeRawPointer, target: UnsafeMutableRawPointer,
        zero: UnsafeRawPointer, room: UnsafeMutableRawPointer
    ) {
        guard !some.isEmpty else { return }
        let packed = room + tableBytes
        var job = sc_gemm_job()
        job.table_rows = mr
        job.tiles = UnsafePointer(room.assumingMemoryBound(to: Int.self))
        job.tile_words = tileWords
        job.a_step = s.geometry.w.stride * s.ic
        job.b_step = packs ? nr : s.oc
        let table = RunTable(
            gradient: self, x: x + group * s.icPerGroup * size, target: target + group * s.ocPerGroup * size, zero: zero,
            table: room.assumingMemoryBound(to: Int.self), bStep: job.b_step * size)
        let tiles = heights.count
        for chunk in range {
            let pieces = chunk * piecesPerChunk..<min(n * oh * piecesPerRow, (chunk + 1) * piecesPerChunk)
            let first = pixel(of: pieces.lowerBound)
            let count = pixel(of: pieces.upperBound) - first
            let from = dy + (first * s.oc + group * s.ocPerGroup) * size
            if packs {
                for (place, panel) in some.enumerated() {
                    functions.pack(
                        from + panel * nr * size, count, min(nr, s.ocPerGroup - panel * nr), s.oc, 1, packed + place * panelBytes)
                }
            }
            job.accumulate = chunk == range.lowerBound ? 0 : 1
            var tile = 0
            while tile < tiles {
                // Tiles of one height.
                job.tile_count = min(blockTiles, (tile < heights.taller ? heights.taller : tiles) - tile)
                job.rows = heights.height(tile)
                table.write(tile..<tile + job.tile_count, pieces, firstPixel: first)
                for (place, panel) in some.enumerated() {
                    job.b = packs ? UnsafeRawPointer(packed + place * panelBytes) : from + panel * nr * size
                    job.columns = min(nr, s.ocPerGroup - panel * nr)
                    job.y_offset = panel * nr * size
                    functions.tiles(&job)
                }
                tile += job.tile_count
            }
        }
    }

    /// The first output pixel of a piece; pieces follow each other in memory.
    private func pixel(of index: Int) -> Int {
        let (row, part) = index.quotientAndRemainder(dividingBy: piecesPerRow)
        return row * ow + part * piece
    }

    /// Writes the tile table for tiles of rows and runs of pixels.
    private struct RunTable {
        let gradient: FilterGradientRuns
        let x: UnsafeRawPointer
        let target: UnsafeMutableRawPointer
        let zero: UnsafeRawPointer
        let table: UnsafeMutablePointer<Int>
        let bStep: Int

        /// A row of the tile: the outputs [lowH, highH) × [low, high) see its tap; its input lies at `address` for output (0, 0).
        struct Run {
            var lowH: Int
            var highH: Int
            var low: Int
            var high: Int
            var address: Int

            func sees(_ other: Run) -> Bool { lowH == other.lowH && highH == other.highH && low == other.low && high == other.high }
        }

        func write(_ tiles: Range<Int>, _ pieces: Range<Int>, firstPixel: Int) {
            let g = gradient
            let mr = g.mr
            let line = (h: g.s.geometry.h.stride &* g.s.iw &* g.s.ic &* g.size, image: g.s.ih &* g.s.iw &* g.s.ic &* g.size)
            let step = g.s.geometry.w.stride &* g.s.ic &* g.size
            withUnsafeTemporaryAllocation(of: Run.self, capacity: mr) { runs in
                var tile = table
                for index in tiles {
                    var uniform = true
                    for p in 0..<mr {
                        let row = g.heights.start(index) + min(p, g.heights.height(index) - 1)
                        tile[1 &+ p] = Int(bitPattern: target) &+ row &* g.s.oc &* g.size
                        runs[p] = run(row)
                        if p > 0 && !runs[p].sees(runs[0]) { uniform = false }
                    }
                    var segment = tile + 1 + mr
                    var (row, part) = pieces.lowerBound.quotientAndRemainder(dividingBy: g.piecesPerRow)
                    var (image, oy) = row.quotientAndRemainder(dividingBy: g.oh)
                    for _ in pieces {
                        let pixels = (low: part &* g.piece, high: min(g.ow, (part &+ 1) &* g.piece))
                        let source = image &* line.image &+ oy &* line.h
                        let b = (row &* g.ow &- firstPixel) &* bStep
                        if uniform {
                            let low = max(pixels.low, runs[0].low)
                            let high = min(pixels.high, runs[0].high)
                            if low < high && oy >= runs[0].lowH && oy < runs[0].highH {
                                segment[0] = b &+ low &* bStep
                                segment[1] = high &- low
                                for p in 0..<mr { segment[2 &+ p] = runs[p].address &+ source &+ low &* step }
                                segment += mr + 2
                            }
                        } else {
                            segment = append(segment, runs, oy, pixels, source, step, b)
                        }
                        part &+= 1
                        if part == g.piecesPerRow {
                            (part, row, oy) = (0, row &+ 1, oy &+ 1)
                            if oy == g.oh { (oy, image) = (0, image &+ 1) }
                        }
                    }
                    tile[0] = (segment - (tile + 1 + mr)) / (mr + 2)
                    tile += g.tileWords
                }
            }
        }

        private func run(_ row: Int) -> Run {
            let g = gradient
            let (tap, c) = row.quotientAndRemainder(dividingBy: g.s.icPerGroup)
            if g.pointwise { return Run(lowH: 0, highH: 1, low: 0, high: g.ow, address: Int(bitPattern: x) &+ c &* g.size) }
            let (ky, kx) = tap.quotientAndRemainder(dividingBy: g.s.kw)
            let (h, w) = (g.s.geometry.h, g.s.geometry.w)
            let (seenH, seenW) = (h.outputs(tap: ky), w.outputs(tap: kx))
            let at = ((ky &* h.dilation &- h.before) &* g.s.iw &+ kx &* w.dilation &- w.before) &* g.s.ic &+ c
            return Run(
                lowH: seenH.lowerBound, highH: seenH.upperBound, low: seenW.lowerBound, high: seenW.upperBound,
                address: Int(bitPattern: x) &+ at &* g.size)
        }

        /// Rows that see different pixels: those that all see in one segment, the others one by one, zeros where a row sees none.
        private func append(
            _ segment: UnsafeMutablePointer<Int>, _ runs: UnsafeMutableBufferPointer<Run>, _ oy: Int, _ pixels: (low: Int, high: Int),
            _ source: Int, _ step: Int, _ b: Int
        ) -> UnsafeMutablePointer<Int> {
            var (inner, outer) = (pixels, (low: Int.max, high: Int.min))
            for run in runs {
                let visible = oy >= run.lowH && oy < run.highH
                let low = visible ? max(run.low, pixels.low) : pixels.high
                let high = visible ? min(run.high, pixels.high) : pixels.low
                inner = (max(inner.low, low), min(inner.high, high))
                if low < high { outer = (min(outer.low, low), max(outer.high, high)) }
            }
            guard outer.low < outer.high else { return segment }
            var to = segment
            var o = outer.low
            while o < outer.high {
                let common = o == inner.low && inner.low < inner.high
                to[0] = b &+ o &* bStep
                to[1] = common ? inner.high &- o : 1
                for p in 0..<gradient.mr {
                    let run = runs[p]
                    let seen = oy >= run.lowH && oy < run.highH && o >= run.low && o < run.high
                    to[2 &+ p] = seen ? run.address &+ source &+ o &* step : Int(bitPattern: zero)
                }
                o &+= to[1]
                to += gradient.mr + 2
            }
            return to
        }
    }
}
