import Runtime
import TensorCore

/// How the rows of a filter gradient, (tap row, tap column, input channel), are cut into register tiles, and which values of the
/// image each tile reads: the columns of one packed panel.
///
/// The taps of a row of the filter lie side by side in an image's memory, so that rows of a tile may belong to several of them. The
/// rows of the filter share a panel: they read the same packed image rows, at a distance. Few channels and taps are packed
/// together for all rows of the filter.
struct FilterGradientRows: Sendable {
    /// A run of values that follow each other in memory, for one output pixel.
    struct Piece: Sendable {
        /// Its place in the tile.
        var at: Int
        var count: Int
        /// Elements from where the window's first column would lie in the group's channels.
        var source: Int
        /// Image rows from the packed row's first.
        var row: Int
        /// The outputs of a row that read it without a border.
        var inner: Range<Int>
    }

    struct Tile: Sendable {
        /// Its first row within a tap row.
        var first: Int
        var height: Int
        var pieces: [Piece]
    }

    /// Image rows at one remainder of the stride: row t of the class is image row t · stride + residue.
    struct RowClass: Sendable {
        var residue: Int
        var low: Int
        var high: Int
        /// Rows beyond those of the outputs.
        var span: Int { high - low }
    }

    /// A row of the filter: output row o reads row o + shift of its class.
    struct TapRow: Sendable {
        var first: Int
        var rowClass: Int
        var shift: Int
        var outputs: Range<Int>
    }

    let tiles: [Tile]
    let classes: [RowClass]
    let tapRows: [TapRow]

    /// `chunkRows`: output rows that are packed together.
    init(_ s: ConvolutionShape, pointwise: Bool, outputs: (h: Int, w: Int), chunkRows: Int, mr: Int) {
        let depth = s.icPerGroup
        let (h, w) = (s.geometry.h, s.geometry.w)
        let wide = s.kw * depth
        let merged = s.kh > 1 && wide < 4
        let line = pointwise ? outputs.w * s.ic : s.iw * s.ic
        let stride = pointwise ? s.ic : w.stride * s.ic
        let contiguous = s.groups == 1 && w.dilation == 1

        func piece(at: Int, row: Int, first: Int, count: Int) -> Piece {
            let (tap, c) = first.quotientAndRemainder(dividingBy: depth)
            let source = (tap * w.dilation - w.before) * s.ic + c
            // 0 ≤ o · stride + source, o · stride + source + count ≤ line
            let low = source >= 0 ? 0 : (-source + stride - 1) / stride
            let room = line - count - source
            let high = room < 0 ? 0 : room / stride + 1
            let from = min(low, outputs.w)
            return Piece(at: at, count: count, source: source, row: row, inner: from..<max(from, min(high, outputs.w)))
        }
        /// Rows first ..< first + count of one tap row, in pieces.
        func pieces(at: Int, row: Int, first: Int, count: Int) -> [Piece] {
            if contiguous { return [piece(at: at, row: row, first: first, count: count)] }
            var found: [Piece] = []
            var done = 0
            while done < count {
                let part = min(count - done, depth - (first + done) % depth)
                found.append(piece(at: at + done, row: row, first: first + done, count: part))
                done += part
            }
            return found
        }

        var tiles: [Tile] = []
        if merged {
            let cut = TileHeights(rows: s.kh * wide, mr: mr)
            for index in 0..<cut.count {
                let (first, height) = (cut.start(index), cut.height(index))
                var tile = Tile(first: first, height: height, pieces: [])
                var done = 0
                while done < height {
                    let (ky, column) = (first + done).quotientAndRemainder(dividingBy: wide)
                    let part = min(height - done, wide - column)
                    tile.pieces += pieces(at: done, row: ky * h.dilation - h.before, first: column, count: part)
                    done += part
                }
                tiles.append(tile)
            }
        } else {
            // A tile within one tap is one piece.
            let within = !contiguous && depth >= 4
            let run = within ? depth : wide
            let cut = TileHeights(rows: run, mr: mr)
            for start in Swift.stride(from: 0, to: wide, by: run) {
                for index in 0..<cut.count {
                    let first = start + cut.start(index)
                    tiles.append(
                        Tile(
                            first: first, height: cut.height(index),
                            pieces: pieces(at: 0, row: 0, first: first, count: cut.height(index))))
                }
            }
        }
        self.tiles = tiles

        guard !merged && !pointwise else {
            classes = [RowClass(residue: 0, low: 0, high: 0)]
            tapRows = [TapRow(first: 0, rowClass: 0, shift: 0, outputs: 0..<outputs.h)]
            return
        }
        var classes: [RowClass] = []
        var tapRows: [TapRow] = []
        let useful = (0..<s.kh).filter { !h.outputs(tap: $0).isEmpty }
        let places = useful.map { ky in
            let distance = ky * h.dilation - h.before
            let residue = ((distance % h.stride) + h.stride) % h.stride
            return (residue: residue, shift: (distance - residue) / h.stride)
        }
        // Rows between distant taps would be packed for nothing: then each tap row has rows of its own.
        let far = zip(places, places.dropFirst()).contains { $1.shift - $0.shift > chunkRows }
        for ky in 0..<s.kh {
            guard let index = useful.firstIndex(of: ky) else {
                tapRows.append(TapRow(first: ky * wide, rowClass: 0, shift: 0, outputs: 0..<0))
                continue
            }
            let (residue, shift) = places[index]
            var number = far ? nil : classes.firstIndex { $0.residue == residue }
            if let number {
                classes[number].low = min(classes[number].low, shift)
                classes[number].high = max(classes[number].high, shift)
            } else {
                number = classes.count
                classes.append(RowClass(residue: residue, low: shift, high: shift))
            }
            tapRows.append(TapRow(first: ky * wide, rowClass: number ?? 0, shift: shift, outputs: h.outputs(tap: ky)))
        }
        self.classes = classes
        self.tapRows = tapRows
    }
}
