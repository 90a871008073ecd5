import Runtime
import TensorCore

/// The index of the first largest (smallest) element along *axis*, as int64. NaN counts as the extremum.
struct ArgReduce: Op {
    let name: String
    /// 1: largest, -1: smallest.
    let sign: Int

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        let x = inputs[0]
        let axis = try normalizedAxis(try attributes.int("axis", default: -1), rank: x.rank)
        guard x.shape[axis] > 0 || x.count == 0 && reducedShape(x.shape, [axis], keepdims: false).contains(0) else {
            throw .invalidArgument("\(name): x: expected elements along axis \(axis), received shape \(shapeText(x.shape))")
        }
        return [TensorSpec(.int64, reducedShape(x.shape, [axis], keepdims: false))]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let x = inputs[0]
        let axis = try normalizedAxis(try attributes.int("axis", default: -1), rank: x.rank)
        let columns = x.shape[(axis + 1)...].reduce(1, *)
        let rows = x.shape[axis]
        let outer = outputs[0].count == 0 ? 0 : x.shape[..<axis].reduce(1, *)
        let dtype = Int(x.dtype.rawValue)
        let size = x.dtype.size
        let sign = sign
        let kernel = Kernels.table.reduction.arg!
        return PreparedOp(algorithm: "scan", flops: x.count) { arguments in
            let x = arguments.inputs[0]
            let y = arguments.output(0, Int64.self)
            parallelFor(outer, grain: max(1, elementGrain / max(1, rows * columns)), threads: context.threads) { range, _ in
                for a in range { kernel(dtype, sign, rows, columns, x + a * rows * columns * size, y + a * columns) }
            }
        }
    }
}
