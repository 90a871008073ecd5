import Runtime
import TensorCore

/// The same elements in the same order under another shape; one dimension may be −1.
struct Reshape: Op {
    let name = "reshape"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        let wanted = try attributes.ints("shape")
        guard wanted.count <= TensorSpec.maxRank else {
            throw .unsupported("\(name): shape: expected at most \(TensorSpec.maxRank) dimensions, received \(shapeText(wanted))")
        }
        guard wanted.allSatisfy({ $0 >= -1 }), wanted.filter({ $0 == -1 }).count <= 1 else {
            throw .invalidArgument("\(name): shape: expected dimensions of at least 0 and at most one −1, received \(shapeText(wanted))")
        }
        var known = 1
        for d in wanted where d != -1 {
            let (product, overflow) = known.multipliedReportingOverflow(by: d)
            guard !overflow else { throw .invalidArgument("\(name): shape: \(shapeText(wanted)) has too many elements") }
            known = product
        }
        let count = inputs[0].count
        var shape = wanted
        if let free = wanted.firstIndex(of: -1) {
            guard known > 0, count % known == 0 else {
                throw .invalidArgument("\(name): shape: \(count) elements of shape \(shapeText(inputs[0].shape)) do not fit \(shapeText(wanted))")
            }
            shape[free] = count / known
        } else if known != count {
            throw .invalidArgument(
                "\(name): shape: expected \(count) elements, as in \(shapeText(inputs[0].shape)), received \(shapeText(wanted)) with \(known)")
        }
        return [TensorSpec(inputs[0].dtype, shape)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        copyOp(inputs[0], context)
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil] }
        return [try graph("reshape", dy, attributes: ["shape": .ints(graph.spec(call.inputs[0]).shape)])]
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0] }
}

/// The input itself: `identity`, and `stop_gradient`, through which no gradient flows.
struct Alias: Op {
    let name: String
    let passesGradient: Bool

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        return [inputs[0]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        copyOp(inputs[0], context)
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        [passesGradient ? outputGradients[0] : nil]
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0] }
}

/// Copies the bytes of one tensor; nothing where input and output are the same memory.
func copyOp(_ spec: TensorSpec, _ context: PrepareContext) -> PreparedOp {
    let bytes = spec.byteCount
    return PreparedOp(algorithm: "copy") { arguments in
        let x = arguments.inputs[0]
        let y = arguments.outputs[0]
        if x == UnsafeRawPointer(y) { return }
        parallelFor(bytes, grain: 1 << 18, threads: context.threads) { range, _ in
            (y + range.lowerBound).copyMemory(from: x + range.lowerBound, byteCount: range.count)
        }
    }
}
