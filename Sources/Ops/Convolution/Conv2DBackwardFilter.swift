import Runtime
import TensorCore

/// The gradient of conv2d with respect to its filter.
struct Conv2DBackwardFilter: Op {
    let name = "conv2d_backward_filter"

    private func shape(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> ConvolutionShape {
        let filter = TensorSpec(inputs[0].dtype, try attributes.ints("filter_shape"))
        return try ConvolutionShape(
            op: name, input: inputs[0], inputName: "x", filter: filter, filterName: "filter_shape", output: inputs[1], attributes)
    }

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        try expectFloating(inputs, 0, "x")
        return [try TensorSpec(inputs[0].dtype, try shape(inputs, attributes).filterShape).validated("\(name): dfilter")]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        try AlgorithmList.choose(
            name, ConvolutionAlgorithms.backwardFilter(shape(inputs, attributes), context), inputs, outputs, attributes, context)
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let g = outputGradients[0] else { return [nil, nil] }
        let window = ConvolutionShape.window(call.attributes)
        var forInput = window
        forInput["input_shape"] = .ints(graph.spec(call.inputs[0]).shape)
        return [
            try graph("conv2d_backward_input", g, call.inputs[1], attributes: forInput),
            try graph("conv2d", call.inputs[0], g, attributes: window),
        ]
    }
}
