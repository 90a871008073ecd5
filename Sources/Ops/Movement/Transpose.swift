import TensorCore

/// Axis i of the output is axis *perm*[i] of the input.
struct Transpose: Op {
    let name = "transpose"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        let x = inputs[0]
        let perm = try permutation(attributes, rank: x.rank)
        return [TensorSpec(x.dtype, perm.map { x.shape[$0] })]
    }

    private func permutation(_ attributes: Attributes, rank: Int) throws(ConvError) -> [Int] {
        let perm = try ints("perm", attributes, count: rank).map { $0 < 0 ? $0 &+ rank : $0 }
        guard perm.sorted() == Array(0..<rank) else {
            throw .invalidArgument("\(name): perm: expected each axis from 0 to \(rank - 1) once, received \(perm)")
        }
        return perm
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let perm = try permutation(attributes, rank: inputs[0].rank)
        let steps = StridedCopy.steps(inputs[0].shape)
        let copy = StridedCopy(
            size: inputs[0].dtype.size, dims: outputs[0].shape, xSteps: perm.map { steps[$0] }, ySteps: StridedCopy.steps(outputs[0].shape),
            threads: context.threads)
        return PreparedOp(algorithm: "copy") { copy.run($0.inputs[0], $0.outputs[0]) }
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool {
        attributes["perm"].map { if case .ints(let perm) = $0 { perm.first == 0 } else { false } } ?? false
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        let perm = try permutation(call.attributes, rank: graph.spec(dy).rank)
        var inverse = perm
        for (axis, from) in perm.enumerated() { inverse[from] = axis }
        return [try graph("transpose", dy, attributes: ["perm": .ints(inverse)])]
    }
}
