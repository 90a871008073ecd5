import CKernelInterface
import Runtime
import TensorCore

/// `y = (x - mean) · gamma / √(variance + ε) + beta` with statistics that are given.
struct BatchNormInference: BatchNormOp {
    let name = "batch_norm_inference"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 5...5)
        try check(inputs, vectors: [(1, "gamma"), (2, "beta"), (3, "mean"), (4, "variance")], attributes)
        return [inputs[0]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let epsilon = try epsilon(attributes)
        return inputs[0].dtype == .float32
            ? prepared(Float.self, inputs[0].shape, epsilon, context) : prepared(Double.self, inputs[0].shape, epsilon, context)
    }

    private func prepared<T: BinaryFloatingPoint & Sendable>(
        _: T.Type, _ shape: [Int], _ epsilon: Double, _ context: PrepareContext
    ) -> PreparedOp {
        let layout = ColumnStatistics(shape)
        let kernels = NormalizationKernels(T.self)
        let width = layout.width
        let output = layout.output(T.self, operands: 2)
        return PreparedOp(
            algorithm: "one-pass", flops: 3 * layout.count, workspaceBytes: 3 * width * MemoryLayout<T>.size
        ) { arguments in
            let x = arguments.input(0, T.self)
            let gamma = arguments.input(1, T.self)
            let beta = arguments.input(2, T.self)
            let mean = arguments.input(3, T.self)
            let variance = arguments.input(4, T.self)
            let y = arguments.output(0, T.self)
            let centre = arguments.workspace.assumingMemoryBound(to: T.self)
            let (scale, offset) = (centre + width, centre + 2 * width)
            layout.widen(centre) { mean[$0] }
            layout.widen(scale) { T(Double(gamma[$0]) / (Double(variance[$0]) + epsilon).squareRoot()) }
            layout.widen(offset) { beta[$0] }
            layout.forParts(threads: context.threads, output, y, inPlace: x == y) { columns, element, y in
                kernels.normalize(columns, x + element, centre, scale, offset, -1, y)
            }
        }
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool { onlyFirst(batched) }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return [nil, nil, nil, nil, nil] }
        let i = call.inputs
        return try graph.apply("batch_norm_inference_backward", [i[0], i[1], i[3], i[4], dy], call.attributes)
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [0] }
}

/// The gradients of `batch_norm_inference` with respect to x, gamma, beta, mean and variance.
struct BatchNormInferenceBackward: BatchNormOp {
    let name = "batch_norm_inference_backward"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 5...5)
        try check(inputs, vectors: [(1, "gamma"), (2, "mean"), (3, "variance")], likeX: 4, attributes)
        return [inputs[0], inputs[1], inputs[1], inputs[1], inputs[1]]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let epsilon = try epsilon(attributes)
        return inputs[0].dtype == .float32
            ? batchNormBackward(Float.self, training: false, inputs[0].shape, epsilon, -1, context)
            : batchNormBackward(Double.self, training: false, inputs[0].shape, epsilon, -1, context)
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        let formula = BatchNormFormula(graph, epsilon: try epsilon(call.attributes))
        return try graph.gradients(ofFormula: call.inputs, outputGradients) { (inputs) throws(ConvError) in
            try formula.inferenceBackward(inputs)
        }
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] {
        [4, nil, nil, nil, nil]
    }
}
