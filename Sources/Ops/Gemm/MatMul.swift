import Runtime
import TensorCore

/// c = op(a) · op(b), with bias and activation.
struct MatMul: Op {
    let name = "matmul"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...3)
        try expectFloating(inputs, 0, "a")
        let shape = try MatMulShape(op: name, inputs[0], inputs[1], attributes)
        try expectBias(inputs, 2, channels: shape.n)
        _ = try EpilogueActivation(attributes, op: name)
        return [TensorSpec(inputs[0].dtype, shape.outputShape)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        try MatMulAlgorithms.prepare(
            try MatMulShape(op: name, inputs[0], inputs[1], attributes), isConstant: context.constantInputs.contains(1),
            hasBias: inputs.count == 3, try EpilogueActivation(attributes, op: name), threads: context.threads)
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool {
        let matrices = inputs[0].rank == 2
        if onlyFirst(batched) { return inputs[1].rank == 2 && !(matrices && isTransposed(attributes)) }
        return !matrices && batched.prefix(2) == [true, true] && !batched.dropFirst(2).contains(true)
    }

    private func isTransposed(_ attributes: Attributes) -> Bool { attributes["transpose_a"].map { $0 != .int(0) } ?? false }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dc = outputGradients[0] else { return call.inputs.map { _ in nil } }
        let before = try EpilogueActivation(call.attributes, op: name).backward(dc, call.outputs[0], graph)
        let (a, b) = (call.inputs[0], call.inputs[1])
        let transposeA = try call.attributes.bool("transpose_a", default: false)
        let transposeB = try call.attributes.bool("transpose_b", default: false)
        var gradients: [Value?] = [
            try gradientOfA(before, a, b, transposeA, transposeB, graph), try gradientOfB(before, a, b, transposeA, transposeB, graph),
        ]
        if call.inputs.count == 3 {
            let axes = Array(0..<graph.spec(dc).rank - 1)
            gradients.append(try graph("reduce_sum", before, attributes: ["axes": .ints(axes)]))
        }
        return gradients
    }

    private func product(
        _ a: Value, _ b: Value, _ transposeA: Bool, _ transposeB: Bool, _ graph: any GraphBuilder
    ) throws(ConvError) -> Value {
        try graph("matmul", a, b, attributes: ["transpose_a": .int(transposeA ? 1 : 0), "transpose_b": .int(transposeB ? 1 : 0)])
    }

    private func gradientOfA(
        _ dc: Value, _ a: Value, _ b: Value, _ transposeA: Bool, _ transposeB: Bool, _ graph: any GraphBuilder
    ) throws(ConvError) -> Value {
        guard transposeA else { return try product(dc, b, false, !transposeB, graph) }
        let rank = graph.spec(a).rank
        if graph.spec(b).rank == rank { return try product(b, dc, transposeB, true, graph) }
        let transposed = try product(dc, b, false, !transposeB, graph)
        let perm = Array(0..<rank - 2) + [rank - 1, rank - 2]
        return try graph("transpose", transposed, attributes: ["perm": .ints(perm)])
    }

    private func gradientOfB(
        _ dc: Value, _ a: Value, _ b: Value, _ transposeA: Bool, _ transposeB: Bool, _ graph: any GraphBuilder
    ) throws(ConvError) -> Value {
        var (a, dc) = (a, dc)
        let rank = graph.spec(a).rank
        let shared = graph.spec(b).rank < rank
        if shared && !transposeA {
            for which in 0..<2 {
                let shape = graph.spec(which == 0 ? a : dc).shape
                let rows = shape.dropLast().contains(0) ? 0 : shape.dropLast().reduce(1, &*)
                let flat = try graph("reshape", which == 0 ? a : dc, attributes: ["shape": .ints([rows, shape[rank - 1]])])
                if which == 0 { a = flat } else { dc = flat }
            }
        }
        let db = transposeB ? try product(dc, a, true, transposeA, graph) : try product(a, dc, !transposeA, false, graph)
        guard shared && transposeA else { return db }
        return try graph("reduce_sum", db, attributes: ["axes": .ints(Array(0..<rank - 2))])
    }

    func absorbing(_ role: EpilogueRole, _ inputs: [TensorSpec], _ attributes: Attributes) -> Attributes? {
        EpilogueActivation.absorbing(role, hasBias: inputs.count == 3, inputs, attributes)
    }
}
