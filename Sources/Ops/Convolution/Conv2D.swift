import Runtime
import TensorCore

/// The 2-D convolution (cross-correlation) of NHWC images with an HWIO filter, with bias and activation.
struct Conv2D: Op {
    let name = "conv2d"

    private func shape(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> ConvolutionShape {
        try ConvolutionShape(op: name, input: inputs[0], inputName: "x", filter: inputs[1], filterName: "filter", attributes)
    }

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...3)
        guard inputs[0].dtype.isFloating || inputs[0].dtype == .int32 else {
            throw .wrongType("\(name): x: expected float32, float64 or int32, received \(inputs[0].dtype)")
        }
        let shape = try shape(inputs, attributes)
        try expectBias(inputs, 2, channels: shape.oc)
        let activation = try EpilogueActivation(attributes, op: name)
        guard inputs[0].dtype.isFloating || activation == .linear else {
            throw .wrongType("\(name): activation: expected linear for int32, received \(activation)")
        }
        return [try TensorSpec(inputs[0].dtype, shape.outputShape).validated("\(name): y")]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let shape = try shape(inputs, attributes)
        let activation = try EpilogueActivation(attributes, op: name)
        return try AlgorithmList.choose(
            name, ConvolutionAlgorithms.forward(shape, hasBias: inputs.count == 3, activation, context), inputs, outputs, attributes,
            context)
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool { onlyFirst(batched) }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dy = outputGradients[0] else { return call.inputs.map { _ in nil } }
        let x = call.inputs[0]
        let filter = call.inputs[1]
        let before = try EpilogueActivation(call.attributes, op: name).backward(dy, call.outputs[0], graph)
        var forInput = ConvolutionShape.window(call.attributes)
        var forFilter = forInput
        forInput["input_shape"] = .ints(graph.spec(x).shape)
        forFilter["filter_shape"] = .ints(graph.spec(filter).shape)
        var gradients: [Value?] = [
            try graph("conv2d_backward_input", filter, before, attributes: forInput),
            try graph("conv2d_backward_filter", x, before, attributes: forFilter),
        ]
        if call.inputs.count == 3 { gradients.append(try graph("reduce_sum", before, attributes: ["axes": .ints([0, 1, 2])])) }
        return gradients
    }

    func absorbing(_ role: EpilogueRole, _ inputs: [TensorSpec], _ attributes: Attributes) -> Attributes? {
        EpilogueActivation.absorbing(role, hasBias: inputs.count == 3, inputs, attributes)
    }
}
