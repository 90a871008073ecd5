import TensorCore

/// The axes in another order: output axis i is input axis `perm[i]`.
struct Transpose: Op {
    let name = "transpose"

    private func permutation(_ input: TensorSpec, _ attributes: Attributes) throws(ConvError) -> [Int] {
        let given = try attributes.ints("perm")
        guard given.count == input.rank else {
            throw .invalidArgument("\(name): perm: expected \(input.rank) axes for shape \(shapeText(input.shape)), received \(given)")
        }
        var perm: [Int] = []
        for axis in given { perm.append(try normalizedAxis(axis, rank: input.rank, op: name)) }
        guard Set(perm).count == perm.count else {
            throw .invalidArgument("\(name): perm: expected each axis once, received \(given)")
        }
        return perm
    }

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        return [TensorSpec(inputs[0].dtype, try permutation(inputs[0], attributes).map { inputs[0].shape[$0] })]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let strides = StridedCopy.strides(of: inputs[0].shape)
        let copy = StridedCopy(
            shape: outputs[0].shape, inputStrides: try permutation(inputs[0], attributes).map { strides[$0] },
            outputStrides: StridedCopy.strides(of: outputs[0].shape), elementSize: inputs[0].dtype.size, threads: context.threads)
        return PreparedOp(algorithm: "strided-copy") { copy.run($0.inputs[0], $0.outputs[0]) }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        let perm = try permutation(graph.spec(call.inputs[0]), call.attributes)
        var inverse = perm
        for (to, from) in perm.enumerated() { inverse[from] = to }
        return [try graph("transpose", dy, attributes: ["perm": .ints(inverse)])]
    }
}
