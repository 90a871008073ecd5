import TensorCore

/// How operands of different shapes run side by side through an output under NumPy's broadcasting rules.
///
/// Neighbouring dimensions that every operand walks in one stride are merged, so the usual cases end as one inner loop (same shape, scalar)
/// or one outer and one inner dimension (a vector along the last or the leading axes).
struct Broadcast: Sendable {
    /// The outer dimensions, slowest first.
    var dims: [Int] = []
    /// For each operand its step in elements along each outer dimension.
    var steps: [[Int]]
    /// The innermost dimension, contiguous in the output.
    var inner = 1
    /// For each operand 1 or 0: whether it moves along the innermost dimension.
    var innerSteps: [Int]

    var outer: Int { dims.reduce(1, *) }

    /// `shapes` broadcast to `output`.
    init(_ shapes: [[Int]], to output: [Int]) {
        var merged: [(size: Int, steps: [Int])] = []
        var strides = shapes.map { _ in 1 }
        for axis in output.indices.reversed() {
            let size = output[axis]
            var steps: [Int] = []
            for (operand, shape) in shapes.enumerated() {
                let own = axis - (output.count - shape.count)
                let extent = own >= 0 ? shape[own] : 1
                steps.append(extent == 1 ? 0 : strides[operand])
                strides[operand] *= extent
            }
            if size == 1 { continue }
            if let last = merged.last, zip(last.steps, steps).allSatisfy({ $1 == $0 * last.size }) {
                merged[merged.count - 1].size *= size
            } else {
                merged.append((size, steps))
            }
        }
        let first = merged.isEmpty ? (size: 1, steps: shapes.map { _ in 1 }) : merged.removeFirst()
        inner = first.size
        innerSteps = first.steps
        dims = merged.reversed().map(\.size)
        let ordered = Array(merged.reversed())
        steps = shapes.indices.map { operand in ordered.map { $0.steps[operand] } }
    }

    /// Calls `body(outer index, offsets of the first three operands in elements)` for each outer index in `range`.
    func forEach(_ range: Range<Int>, _ body: (_ index: Int, _ offsets: (Int, Int, Int)) -> Void) {
        for index in range {
            var rest = index
            var a = 0
            var b = 0
            var c = 0
            for axis in dims.indices.reversed() {
                let position = rest % dims[axis]
                rest /= dims[axis]
                a += position * steps[0][axis]
                if steps.count > 1 { b += position * steps[1][axis] }
                if steps.count > 2 { c += position * steps[2][axis] }
            }
            body(index, (a, b, c))
        }
    }

    /// Whether the rows of the broadcast operands' result come from rows of the batched ones and the others alone.
    static func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool]) -> Bool {
        let rank = inputs.map(\.rank).max() ?? 0
        return zip(inputs, batched).allSatisfy { spec, isBatched in
            isBatched ? spec.rank == rank : spec.rank < rank || spec.shape.first == 1
        }
    }

    /// The shape all `shapes` broadcast to.
    static func shape(_ op: String, _ shapes: [[Int]]) throws(ConvError) -> [Int] {
        var result: [Int] = []
        let rank = shapes.map(\.count).max() ?? 0
        for axis in 0..<rank {
            var size = 1
            for shape in shapes {
                let own = axis - (rank - shape.count)
                if own < 0 || shape[own] == 1 { continue }
                guard size == 1 || size == shape[own] else {
                    throw .invalidArgument(
                        "\(op): expected shapes that broadcast, received " + shapes.map(shapeText).joined(separator: " and "))
                }
                size = shape[own]
            }
            result.append(size)
        }
        return result
    }
}
