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

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool {
        guard case .ints(let axes) = attributes["axes"], !axes.isEmpty else { return false }
        return !axes.contains(0) && !axes.contains(-inputs[0].rank)
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
        case .product: return [try graph("multiply", g, try graph.productOfOthers(x, axes))]
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

extension GraphBuilder {
    /// For each element the product of the others along `axes`, exact with any number of zeros, as are its own gradients: the product of
    /// what comes before times that of what comes after, both grown by doubling, without a division.
    fileprivate func productOfOthers(_ x: Value, _ axes: [Int]) throws(ConvError) -> Value {
        let shape = spec(x).shape
        let kept = shape.indices.filter { !axes.contains($0) }
        let order = kept + axes.sorted()
        let rows = kept.reduce(1) { $0 * shape[$1] }
        let length = axes.reduce(1) { $0 * shape[$1] }
        let lines = try reshape(try self("transpose", x, attributes: ["perm": .ints(order)]), [rows, length])
        var before = try shifted(lines, by: 1)
        var after = try shifted(lines, by: -1)
        var step = 1
        while step < length - 1 {
            before = try self("multiply", before, try shifted(before, by: step))
            after = try self("multiply", after, try shifted(after, by: -step))
            step *= 2
        }
        let others = try reshape(try self("multiply", before, after), order.map { shape[$0] })
        var back = order
        for (place, axis) in order.enumerated() { back[axis] = place }
        return try self("transpose", others, attributes: ["perm": .ints(back)])
    }

    /// Each row of `lines` [rows, length] moved `by` places to the right (or left); ones move in.
    private func shifted(_ lines: Value, by places: Int) throws(ConvError) -> Value {
        let (rows, length) = (spec(lines).shape[0], spec(lines).shape[1])
        let moved = min(abs(places), length)
        let rest = try self(
            "slice", lines,
            attributes: ["begin": .ints([0, places > 0 || moved == length ? 0 : moved]), "size": .ints([rows, length - moved])])
        return try self(
            "pad", rest,
            attributes: ["paddings": .ints([0, 0, places > 0 ? moved : 0, places > 0 ? 0 : moved]), "value": .double(1)])
    }
}
