import Runtime
import TensorCore

/// The gradient of conv2d with respect to its input; also the forward of a transposed convolution.
struct Conv2DBackwardInput: Op {
    let name = "conv2d_backward_input"

    private func shape(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> ConvolutionShape {
        let input = TensorSpec(inputs[0].dtype, try attributes.ints("input_shape"))
        return try ConvolutionShape(
            op: name, input: input, inputName: "input_shape", filter: inputs[0], filterName: "filter", output: inputs[1], attributes)
    }

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        try expectFloating(inputs, 0, "filter")
        return [try TensorSpec(inputs[0].dtype, try shape(inputs, attributes).inputShape).validated("\(name): dx")]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        try AlgorithmList.choose(
            name, ConvolutionAlgorithms.backwardInput(shape(inputs, attributes), context), inputs, outputs, attributes, context)
    }

    /// As a transposed convolution of dy.
    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool { batched == [false, true] }

    func attributes(_ attributes: Attributes, rows: Int) -> Attributes {
        guard case .ints(let shape) = attributes["input_shape"] else { return attributes }
        var cut = attributes
        cut["input_shape"] = .ints([rows] + shape.dropFirst())
        return cut
    }

    /// It is linear in both: dx = B(filter, dy), so the gradient of dy is the convolution itself.
    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let g = outputGradients[0] else { return [nil, nil] }
        let window = ConvolutionShape.window(call.attributes)
        var forFilter = window
        forFilter["filter_shape"] = .ints(graph.spec(call.inputs[0]).shape)
        return [
            try graph("conv2d_backward_filter", g, call.inputs[1], attributes: forFilter),
            try graph("conv2d", g, call.inputs[0], attributes: window),
        ]
    }
}
