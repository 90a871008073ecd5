import Runtime
import TensorCore

/// The same elements in another *shape*; one dimension may be -1.
struct Reshape: Op {
    let name = "reshape"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        let x = inputs[0]
        var shape = try attributes.ints("shape")
        let unknown = shape.indices.filter { shape[$0] == -1 }
        guard unknown.count <= 1 else { throw .invalidArgument("\(name): shape: expected at most one -1, received \(shape)") }
        if let axis = unknown.first {
            shape[axis] = 1
            let known = try TensorSpec(x.dtype, shape).validated(name).count
            guard known > 0, x.count % known == 0 else { throw mismatch(x, try attributes.ints("shape")) }
            shape[axis] = x.count / known
        }
        let y = try TensorSpec(x.dtype, shape).validated(name)
        guard y.count == x.count else { throw mismatch(x, shape) }
        return [y]
    }

    private func mismatch(_ x: TensorSpec, _ shape: [Int]) -> ConvError {
        .invalidArgument(
            "\(name): shape: expected a shape of \(x.count) elements, as \(shapeText(x.shape)) has, received \(shapeText(shape))")
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        copyAll(inputs[0], context)
    }

    /// The rows of the result are those of x: what follows the first axis has as many elements.
    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool {
        guard case .ints(let shape) = attributes["shape"], let rows = inputs[0].shape.first, rows > 0 else { return false }
        return shape.first == rows || shape.first == -1 && shape.dropFirst().reduce(1, *) == inputs[0].count / rows
    }

    func attributes(_ attributes: Attributes, rows: Int) -> Attributes {
        guard case .ints(let shape) = attributes["shape"] else { return attributes }
        var cut = attributes
        cut["shape"] = .ints([rows] + shape.dropFirst())
        return cut
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        return [try graph.reshape(dy, graph.spec(call.inputs[0]).shape)]
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0] }
}

/// y = x; as `stop_gradient` a constant to the gradient.
struct Identity: Op {
    let name: String
    let passesGradient: Bool

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        return [inputs[0]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        copyAll(inputs[0], context)
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool { true }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        [passesGradient ? outputGradients[0] : nil]
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0] }
}

/// The whole input to the output, unless they share their memory.
private func copyAll(_ x: TensorSpec, _ context: PrepareContext) -> PreparedOp {
    let bytes = x.byteCount
    return PreparedOp(algorithm: "copy") { arguments in
        let x = arguments.inputs[0]
        let y = arguments.outputs[0]
        if UnsafeRawPointer(y) == x { return }
        parallelFor(bytes, grain: 1 << 18, threads: context.threads) { range, _ in
            (y + range.lowerBound).copyMemory(from: x + range.lowerBound, byteCount: range.count)
        }
    }
}
