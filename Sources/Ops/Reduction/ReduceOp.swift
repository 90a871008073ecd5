import CKernelInterface
import TensorCore

/// Sums, means, extrema and products over *axes* (none given: all), which vanish or stay as 1 with *keepdims*.
struct ReduceOp: Op {
    enum Kind: Sendable { case sum, mean, max, min, product, any, all }

    let name: String
    let kind: Kind

    static let all: [any Op] = [
        ReduceOp(name: "reduce_sum", kind: .sum),
        ReduceOp(name: "reduce_mean", kind: .mean),
        ReduceOp(name: "reduce_max", kind: .max),
        ReduceOp(name: "reduce_min", kind: .min),
        ReduceOp(name: "reduce_prod", kind: .product),
        ReduceOp(name: "reduce_any", kind: .any),
        ReduceOp(name: "reduce_all", kind: .all),
    ]

    private var function: Int {
        switch kind {
        case .sum, .mean: SC_REDUCE_SUM
        case .max, .any: SC_REDUCE_MAX
        case .min, .all: SC_REDUCE_MIN
        case .product: SC_REDUCE_PROD
        }
    }

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        let x = inputs[0]
        switch kind {
        case .mean: try expectFloating(inputs, 0, "x")
        case .any, .all: guard x.dtype == .bool else { throw .wrongType("\(name): x: expected bool, received \(x.dtype)") }
        default: guard x.dtype != .bool else { throw .wrongType("\(name): x: expected a number type, received bool; cast it first") }
        }
        let axes = try normalizedAxes(attributes, rank: x.rank)
        return [TensorSpec(x.dtype, reducedShape(x.shape, axes, keepdims: try attributes.bool("keepdims", default: false)))]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let axes = try normalizedAxes(attributes, rank: inputs[0].rank)
        let plan = ReductionPlan(function: function, inputs[0], axes: axes, isMean: kind == .mean, threads: context.threads)
        return PreparedOp(algorithm: "blocked", flops: inputs[0].count, workspaceBytes: plan.workspaceBytes) { plan.run($0) }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0], graph.spec(dy).dtype.isFloating else { return [nil] }
        let x = call.inputs[0]
        let shape = graph.spec(x).shape
        let axes = try normalizedAxes(call.attributes, rank: shape.count)
        let kept = reducedShape(shape, axes, keepdims: true)
        let g = try graph.reshape(dy, kept)
        switch kind {
        case .sum: return [try graph("broadcast_to", g, attributes: ["shape": .ints(shape)])]
        case .mean:
            let count = axes.reduce(1) { $0 * shape[$1] }
            let share = try graph("multiply", g, try graph.scalar(1 / Double(count), like: g))
            return [try graph("broadcast_to", share, attributes: ["shape": .ints(shape)])]
        case .max, .min:  // shared equally among all that are largest
            let y = try graph.reshape(call.outputs[0], kept)
            let mask = try graph("cast", try graph("equal", x, y), attributes: ["dtype": .string(graph.spec(x).dtype.name)])
            let ties = try graph("reduce_sum", mask, attributes: ["axes": .ints(axes), "keepdims": .int(1)])
            return [try graph("multiply", mask, try graph("divide", g, ties))]
        case .product:
            // The product of the others: with no zero around y / x; where the element is the only zero, the product of the rest; else 0.
            let isZero = try graph("equal", x, try graph.scalar(0, like: x))
            let zero = try graph("cast", isZero, attributes: ["dtype": .string(graph.spec(x).dtype.name)])
            let safe = try graph("select", isZero, try graph.scalar(1, like: x), x)
            let keep: Attributes = ["axes": .ints(axes), "keepdims": .int(1)]
            let product = try graph("reduce_prod", safe, attributes: keep)
            let zeros = try graph("reduce_sum", zero, attributes: keep)
            let others = try graph("divide", try graph("multiply", g, product), safe)
            return [try graph("select", try graph("equal", zeros, zero), others, try graph.scalar(0, like: x))]
        case .any, .all: return [nil]
        }
    }
}

/// `shape` without `axes`, or with 1 in their place.
func reducedShape(_ shape: [Int], _ axes: [Int], keepdims: Bool) -> [Int] {
    keepdims
        ? shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
        : shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
}
