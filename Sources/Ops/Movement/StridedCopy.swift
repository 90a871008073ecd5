import Runtime
import TensorCore

/// A copy between two strided views of the same shape: what transposes, slices, broadcasts, pads and concatenations are made of.
///
/// Strides are in elements and may be negative or, on the input, 0. The axes are reordered and merged so that the longest possible runs
/// are copied at once; where the two sides run along different axes, tiles of 16×16 keep both in cache.
package struct StridedCopy: Sendable {
    private struct Axis { var size, input, output: Int }

    private let axes: [Axis]
    private let elementSize: Int
    private let threads: Int
    private let count: Int

    package init(shape: [Int], inputStrides: [Int], outputStrides: [Int], elementSize: Int, threads: Int) {
        self.elementSize = elementSize
        self.threads = threads
        count = shape.reduce(1, *)
        var list = zip(shape, zip(inputStrides, outputStrides)).map { Axis(size: $0, input: $1.0, output: $1.1) }
        list.removeAll { $0.size == 1 }
        // Outermost first: the output is written in order.
        list.sort { abs($0.output) > abs($1.output) }
        var merged: [Axis] = []
        for axis in list {
            if let last = merged.last, last.input == axis.input * axis.size, last.output == axis.output * axis.size {
                merged[merged.count - 1] = Axis(size: last.size * axis.size, input: axis.input, output: axis.output)
            } else {
                merged.append(axis)
            }
        }
        axes = merged
    }

    /// Row-major strides of a dense tensor.
    package static func strides(of shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        for i in stride(from: shape.count - 2, through: 0, by: -1) { strides[i] = strides[i + 1] * shape[i + 1] }
        return strides
    }

    package func run(_ input: UnsafeRawPointer, _ output: UnsafeMutableRawPointer) {
        if count == 0 { return }
        switch elementSize {
        case 1: run(input.assumingMemoryBound(to: UInt8.self), output.assumingMemoryBound(to: UInt8.self))
        case 4: run(input.assumingMemoryBound(to: UInt32.self), output.assumingMemoryBound(to: UInt32.self))
        default: run(input.assumingMemoryBound(to: UInt64.self), output.assumingMemoryBound(to: UInt64.self))
        }
    }

    private func run<T>(_ input: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>) {
        guard let inner = axes.last else {
            output[0] = input[0]
            return
        }
        if inner.input == 1 && inner.output == 1 {
            outer(axes.dropLast(), inner.size, input, output) { $1.update(from: $0, count: inner.size) }
        } else if let across = axes.lastIndex(where: { $0.input == 1 }), across != axes.count - 1 {
            let other = axes[across]
            var rest = axes
            rest.removeLast()
            rest.remove(at: across)
            outer(rest[...], inner.size * other.size, input, output) { x, y in transpose(other, inner, x, y) }
        } else if inner.input == 0 && inner.output == 1 {
            outer(axes.dropLast(), inner.size, input, output) { $1.update(repeating: $0[0], count: inner.size) }
        } else {
            outer(axes.dropLast(), inner.size, input, output) { x, y in
                for i in 0..<inner.size { y[i * inner.output] = x[i * inner.input] }
            }
        }
    }

    /// Both sides of a plane: the input runs along `rows`, the output along `columns`.
    private func transpose<T>(_ rows: Axis, _ columns: Axis, _ x: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>) {
        let tile = 16
        var r = 0
        while r < rows.size {
            let lastRow = min(rows.size, r + tile)
            var c = 0
            while c < columns.size {
                let lastColumn = min(columns.size, c + tile)
                for i in r..<lastRow {
                    let from = x + i
                    let to = y + i * rows.output
                    for j in c..<lastColumn { to[j * columns.output] = from[j * columns.input] }
                }
                c += tile
            }
            r += tile
        }
    }

    /// Calls `body` at each position of the outer axes; `work` elements a call.
    private func outer<T>(
        _ outer: ArraySlice<Axis>, _ work: Int, _ input: UnsafePointer<T>, _ output: UnsafeMutablePointer<T>,
        _ body: (UnsafePointer<T>, UnsafeMutablePointer<T>) -> Void
    ) {
        let axes = Array(outer)
        let total = axes.reduce(1) { $0 * $1.size }
        parallelFor(total, grain: max(1, 32768 / max(work, 1)), threads: threads) { range, _ in
            var position = [Int](repeating: 0, count: axes.count)
            var index = range.lowerBound
            var x = 0
            var y = 0
            for k in axes.indices.reversed() {
                position[k] = index % axes[k].size
                index /= axes[k].size
                x += position[k] * axes[k].input
                y += position[k] * axes[k].output
            }
            for _ in range {
                body(input + x, output + y)
                var k = axes.count - 1
                while k >= 0 {
                    position[k] += 1
                    x += axes[k].input
                    y += axes[k].output
                    if position[k] < axes[k].size { break }
                    x -= axes[k].size * axes[k].input
                    y -= axes[k].size * axes[k].output
                    position[k] = 0
                    k -= 1
                }
            }
        }
    }
}

/// Writes `count` elements of `number` in the given type.
package func fill(_ output: UnsafeMutableRawPointer, _ dtype: DataType, _ count: Int, _ number: Double, threads: Int) {
    func write<T>(_ value: T) {
        let p = output.assumingMemoryBound(to: T.self)
        parallelFor(count, grain: 65536, threads: threads) { range, _ in
            (p + range.lowerBound).update(repeating: value, count: range.count)
        }
    }
    switch dtype {
    case .float32: write(Float(number))
    case .float64: write(number)
    case .int32: write(Int32(clamping: wholeNumber(number)))
    case .int64: write(Int64(wholeNumber(number)))
    case .uint8: write(UInt8(clamping: wholeNumber(number)))
    case .bool: write(UInt8(number != 0 ? 1 : 0))
    }
}

/// The integer nearest to `number` toward zero, clamped; 0 for NaN.
package func wholeNumber(_ number: Double) -> Int {
    if number.isNaN { return 0 }
    if number >= 0x1p63 { return Int.max }
    if number < -0x1p63 { return Int.min }
    return Int(number)
}

/// `axis` counted from the front; negative ones count from the back.
package func normalizedAxis(_ axis: Int, rank: Int, op: String) throws(ConvError) -> Int {
    guard axis >= -rank, axis < rank else {
        throw .invalidArgument("\(op): axis: expected \(-rank) to \(rank - 1) for a tensor of rank \(rank), received \(axis)")
    }
    return axis < 0 ? axis + rank : axis
}
