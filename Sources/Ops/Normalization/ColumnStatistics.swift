import CKernelInterface
import Runtime
import TensorCore

/// How the statistics over a channels-last tensor are cut: by its shape alone, so that their bits do not depend on the threads.
///
/// The tensor is seen as a matrix of `wideRows` rows of `width` columns; where there are few channels, `repeats` pixels make a row, so
/// that vectors are full. What does not fill a last row is a row of its own, `restWidth` wide.
struct ColumnStatistics: Sendable {
    let rows: Int
    let channels: Int
    let repeats: Int
    let width: Int
    let wideRows: Int
    let restWidth: Int
    /// Blocks of rows, strips of columns: a unit of work is one strip of one block.
    let blocks: Int
    let blockRows: Int
    let strips: Int
    let stripWidth = 2048

    init(_ shape: [Int]) {
        channels = shape.last ?? 1
        rows = shape.dropLast().reduce(1, *)
        var together = 1
        if channels > 0, channels < 64 {
            // the least multiple of the channels that fills vectors of 16, and at least 64 columns
            while together * channels % 16 != 0 { together += 1 }
            together *= (63 + together * channels) / (together * channels)
        }
        if rows < together { together = 1 }
        repeats = together
        width = together * channels
        wideRows = rows / together
        restWidth = rows % together * channels
        strips = max(1, (width + stripWidth - 1) / stripWidth)
        let enough = max(1, min(32, wideRows * width / 16384, (1 << 20) / max(1, width)))
        blockRows = max(4, ((wideRows + enough - 1) / enough + 3) / 4 * 4)
        blocks = (wideRows + blockRows - 1) / blockRows
    }

    var count: Int { rows * channels }
    /// The partial sums of each block and of the rest, and one vector of float64 for the shift or mean.
    var workspaceBytes: Int { ((blocks + 1) * 2 + 1) * width * 8 }

    /// The sums of two terms for each channel: `kernel` gets a part of the matrix, its first element and column, and the places of its sums.
    func sums(
        _ workspace: UnsafeMutablePointer<Double>, threads: Int,
        _ kernel: (
            _ columns: UnsafePointer<sc_columns>, _ element: Int, _ column: Int, _ first: UnsafeMutablePointer<Double>,
            _ second: UnsafeMutablePointer<Double>
        ) -> Void
    ) -> (first: [Double], second: [Double]) {
        parallelFor(blocks * strips, threads: threads) { range, _ in
            for unit in range {
                let (block, column) = (unit / strips, unit % strips * stripWidth)
                let from = block * blockRows
                var columns = sc_columns(rows: min(blockRows, wideRows - from), width: min(stripWidth, width - column), stride: width)
                let partial = workspace + block * 2 * width + column
                kernel(&columns, from * width + column, column, partial, partial + width)
            }
        }
        var groups = [(blocks, width)]
        if restWidth > 0 {
            var columns = sc_columns(rows: 1, width: restWidth, stride: restWidth)
            let partial = workspace + blocks * 2 * width
            kernel(&columns, wideRows * width, 0, partial, partial + width)
            groups.append((1, restWidth))
        }
        var first = [Double](repeating: 0, count: channels)
        var second = first
        var partial = workspace
        for (blocks, filled) in groups {
            for _ in 0..<blocks {
                var c = 0
                for column in 0..<filled {
                    first[c] += partial[column]
                    second[c] += partial[width + column]
                    c = c + 1 == channels ? 0 : c + 1
                }
                partial += 2 * width
            }
        }
        return (first, second)
    }

    /// `value` of each channel as one wide row in `row`.
    func widen<T: BinaryFloatingPoint>(_ row: UnsafeMutablePointer<T>, _ value: (Int) -> T) {
        for c in 0..<channels { row[c] = value(c) }
        for column in channels..<max(channels, width) { row[column] = row[column - channels] }
    }

    /// How an output of this shape is written, if `operands` tensors like it are read or written together.
    func output<T>(_: T.Type, operands: Int) -> StreamedOutput {
        let spec = TensorSpec(MemoryLayout<T>.size == 4 ? .float32 : .float64, [count])
        return StreamedOutput([TensorSpec](repeating: spec, count: operands), [], itemBytes: width * MemoryLayout<T>.size)
    }

    /// Calls `kernel` with parts that cover the tensor: the part's shape, its first element and the place of its result. `backwards` takes
    /// the last ones first: after a pass over the same input they are what the caches still hold.
    func forParts<T>(
        threads: Int, _ output: StreamedOutput, _ y: UnsafeMutablePointer<T>, inPlace: Bool, backwards: Bool = false,
        _ kernel: (_ columns: UnsafePointer<sc_columns>, _ element: Int, _ y: UnsafeMutablePointer<T>) -> Void
    ) {
        // long enough for the hardware to foresee what comes next
        let chunk = max(1, (1 << 18) / max(1, output.itemBytes))
        parallelFor(wideRows, grain: max(1, 16384 / max(1, width)), threads: threads) { range, _ in
            let chunks = backwards ? (range.count + chunk - 1) / chunk : 1
            for index in 0..<chunks {
                let from = range.lowerBound + (chunks - 1 - index) * chunk
                let part = backwards ? from..<min(from + chunk, range.upperBound) : range
                output.forBlocks(part, of: UnsafeMutableRawPointer(y), inPlace: inPlace) { rows, y in
                    var columns = sc_columns(rows: rows.count, width: width, stride: width)
                    kernel(&columns, rows.lowerBound * width, y.assumingMemoryBound(to: T.self))
                }
            }
        }
        if restWidth > 0 {
            var columns = sc_columns(rows: 1, width: restWidth, stride: restWidth)
            kernel(&columns, wideRows * width, y + wideRows * width)
        }
    }
}
