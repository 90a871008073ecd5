/// Writes the tile table that the multiplication reads (gemm_kernels.h) for a run of grid pixels and a block of the sum.
struct RowTable {
    let grid: PixelGrid
    let mr: Int
    let size: Int
    let a: UnsafeRawPointer
    let y: UnsafeMutableRawPointer
    let zero: UnsafeRawPointer
    let table: UnsafeMutablePointer<Int>

    /// A pixel of the grid, walked in order.
    private struct Cursor {
        var image: Int
        var y: Int
        var x: Int
        private let height: Int
        private let width: Int

        init(_ pixel: Int, _ grid: PixelGrid) {
            (height, width) = (grid.gridH, grid.gridW)
            let (row, x) = pixel.quotientAndRemainder(dividingBy: width)
            (image, y) = row.quotientAndRemainder(dividingBy: height)
            self.x = x
        }
        @inline(__always) mutating func next() {
            x &+= 1
            if x == width {
                x = 0
                y &+= 1
                if y == height {
                    y = 0
                    image &+= 1
                }
            }
        }
    }

    @inline(__always) private func target(_ at: Cursor) -> Int {
        Int(bitPattern: y) &+ grid.targetStart &+ at.image &* grid.targetImage &+ at.y &* grid.targetRow &+ at.x &* grid.targetPixel
    }

    /// A pointer for each row and tap. Taps none of whose rows lies in the image are left out.
    func point(_ rows: Range<Int>, _ step: IndirectGemm.KStep) {
        let words = 1 + mr + step.taps.count * (mr + 2)
        var low = (h: 0, w: 0)
        var high = (h: 0, w: 0)
        for tap in step.taps {
            low = (min(low.h, tap.offsetH), min(low.w, tap.offsetW))
            high = (max(high.h, tap.offsetH), max(high.w, tap.offsetW))
        }
        var at = Cursor(rows.lowerBound, grid)
        let heights = TileHeights(rows: rows.count, mr: mr)
        var tile = table
        step.taps.withUnsafeBufferPointer { taps in
            for index in 0..<heights.count {
                let count = heights.height(index)
                let (sy, sx) = (at.y &* grid.strideH, at.x &* grid.strideW)
                let inside =
                    at.x &+ count <= grid.gridW && sy &+ low.h >= 0 && sy &+ high.h < grid.sourceH && sx &+ low.w >= 0
                    && sx &+ (count &- 1) &* grid.strideW &+ high.w < grid.sourceW
                if inside {
                    let base = Int(bitPattern: a) &+ at.image &* grid.sourceImage &+ sy &* grid.sourceRow &+ sx &* grid.sourcePixel
                    let pixel = grid.strideW &* grid.sourcePixel
                    let first = target(at)
                    tile[0] = taps.count
                    for p in 0..<mr { tile[1 &+ p] = first &+ min(p, count &- 1) &* grid.targetPixel }
                    var segment = tile + 1 + mr
                    for tap in taps {
                        segment[0] = tap.bBytes
                        segment[1] = step.depth
                        var address = base &+ tap.sourceBytes
                        for p in 0..<mr {
                            segment[2 &+ p] = address
                            if p &+ 1 < count { address &+= pixel }
                        }
                        segment += mr + 2
                    }
                    at.x &+= count &- 1
                    at.next()
                } else {
                    border(&at, count, tile, taps, step.depth)
                }
                tile += words
            }
        }
    }

    private func border(
        _ at: inout Cursor, _ count: Int, _ tile: UnsafeMutablePointer<Int>, _ taps: UnsafeBufferPointer<IndirectGemm.KStep.Tap>,
        _ depth: Int
    ) {
        let segments = tile + 1 + mr
        let outside = Int(bitPattern: zero)
        var last = at
        for p in 0..<mr {
            // Rows beyond the end repeat the last one.
            let here = p < count ? at : last
            last = here
            if p < count { at.next() }
            tile[1 + p] = target(here)
            let (sy, sx) = (here.y &* grid.strideH, here.x &* grid.strideW)
            let base = Int(bitPattern: a) &+ here.image &* grid.sourceImage &+ sy &* grid.sourceRow &+ sx &* grid.sourcePixel
            for (index, tap) in taps.enumerated() {
                let (ty, tx) = (sy &+ tap.offsetH, sx &+ tap.offsetW)
                let valid = ty >= 0 && ty < grid.sourceH && tx >= 0 && tx < grid.sourceW
                segments[index &* (mr &+ 2) &+ 2 &+ p] = valid ? base &+ tap.sourceBytes : outside
            }
        }
        var kept = segments
        for (index, tap) in taps.enumerated() {
            let segment = segments + index * (mr + 2)
            var used = false
            for p in 0..<mr where segment[2 + p] != outside { used = true }
            if used {
                kept[0] = tap.bBytes
                kept[1] = depth
                if kept != segment { for p in 0..<mr { kept[2 + p] = segment[2 + p] } }
                kept += mr + 2
            }
        }
        tile[0] = (kept - segments) / (mr + 2)
    }

    /// For few channels: pointers to whole rows of taps where these lie in the image (when the channels of a pixel are all read, the
    /// taps of a row follow each other in memory), else the values themselves, [row][tap][channel] in one segment.
    func gather(_ rows: Range<Int>, _ step: IndirectGemm.KStep, into room: UnsafeMutableRawPointer) {
        if step.taps.isEmpty {
            point(rows, step)
        } else if size == 4 {
            gather(UInt32.self, rows, step, room)
        } else {
            gather(UInt64.self, rows, step, room)
        }
    }

    @inline(__always)
    private func gather<T: FixedWidthInteger>(_: T.Type, _ rows: Range<Int>, _ step: IndirectGemm.KStep, _ room: UnsafeMutableRawPointer) {
        let k = step.taps.count * step.depth
        let words = 1 + mr + step.taps.count * (mr + 2)
        var low = (h: 0, w: 0)
        var high = (h: 0, w: 0)
        for tap in step.taps {
            low = (min(low.h, tap.offsetH), min(low.w, tap.offsetW))
            high = (max(high.h, tap.offsetH), max(high.w, tap.offsetW))
        }
        let depth = step.depth
        let dense = depth &* size == grid.sourcePixel
        let pixel = grid.strideW &* grid.sourcePixel
        var at = Cursor(rows.lowerBound, grid)
        let heights = TileHeights(rows: rows.count, mr: mr)
        var tile = table
        var values = room.assumingMemoryBound(to: T.self)
        step.runs.withUnsafeBufferPointer { runs in
            step.taps.withUnsafeBufferPointer { taps in
                for index in 0..<heights.count {
                    let count = heights.height(index)
                    let (sy, sx) = (at.y &* grid.strideH, at.x &* grid.strideW)
                    let inside =
                        dense && at.x &+ count <= grid.gridW && sy &+ low.h >= 0 && sy &+ high.h < grid.sourceH
                        && sx &+ low.w >= 0 && sx &+ (count &- 1) &* grid.strideW &+ high.w < grid.sourceW
                    if inside {
                        let base = Int(bitPattern: a) &+ at.image &* grid.sourceImage &+ sy &* grid.sourceRow &+ sx &* grid.sourcePixel
                        let first = target(at)
                        tile[0] = runs.count
                        for p in 0..<mr { tile[1 &+ p] = first &+ min(p, count &- 1) &* grid.targetPixel }
                        var segment = tile + 1 + mr
                        for run in runs {
                            segment[0] = run.bBytes
                            segment[1] = run.count &* depth
                            for p in 0..<mr { segment[2 &+ p] = base &+ run.sourceBytes &+ min(p, count &- 1) &* pixel }
                            segment += mr + 2
                        }
                        at.x &+= count &- 1
                        at.next()
                    } else {
                        tile[0] = 1
                        tile[1 &+ mr] = 0
                        tile[2 &+ mr] = k
                        for p in 0..<mr { tile[3 &+ mr &+ p] = Int(bitPattern: values + p &* k) }
                        gatherBorder(&at, count, tile, taps, depth, values)
                        values += k &* mr
                    }
                    tile += words
                }
            }
        }
    }

    private func gatherBorder<T: FixedWidthInteger>(
        _ at: inout Cursor, _ count: Int, _ tile: UnsafeMutablePointer<Int>, _ taps: UnsafeBufferPointer<IndirectGemm.KStep.Tap>,
        _ depth: Int, _ values: UnsafeMutablePointer<T>
    ) {
        var last = at
        for p in 0..<mr {
            let here = p < count ? at : last
            last = here
            if p < count { at.next() }
            tile[1 &+ p] = target(here)
            let (sy, sx) = (here.y &* grid.strideH, here.x &* grid.strideW)
            let base = here.image &* grid.sourceImage &+ sy &* grid.sourceRow &+ sx &* grid.sourcePixel
            var to = values + p &* taps.count &* depth
            for tap in taps {
                let (ty, tx) = (sy &+ tap.offsetH, sx &+ tap.offsetW)
                let valid = ty >= 0 && ty < grid.sourceH && tx >= 0 && tx < grid.sourceW
                for c in 0..<depth {
                    to.pointee = valid ? (a + (base &+ tap.sourceBytes &+ c &* MemoryLayout<T>.size)).load(as: T.self) : 0
                    to += 1
                }
            }
        }
    }
}
