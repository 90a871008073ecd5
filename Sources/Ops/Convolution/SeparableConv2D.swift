import Runtime
import TensorCore

/// A depthwise convolution, then a pointwise one: x [n, h, w, c], depthwise filter [kh, kw, 1, c · m], pointwise filter [1, 1, c · m, o]; then
/// the bias of the depthwise one (attribute `depthwise_bias`), then that of the pointwise one (`bias`). The attributes `depthwise_activation` and
/// `depthwise_alpha` are those of the first; strides, dilations and padding too.
package struct SeparableConv2D: Op {
    package let name = "separable_conv2d"
    private static let convolution = Conv2D()

    package init() {}

    /// The two convolutions that it consists of.
    private struct Parts {
        var first: [TensorSpec]
        var firstAttributes: Attributes
        var middle: TensorSpec
        var second: [TensorSpec]
        var secondAttributes: Attributes
        /// The inputs that are biases.
        var depthwiseBias: Int?
        var bias: Int?
    }

    private func parts(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> Parts {
        let hasDepthwiseBias = try attributes.bool("depthwise_bias", default: false)
        let hasBias = try attributes.bool("bias", default: false)
        let depthwiseBias = hasDepthwiseBias ? 3 : nil
        let bias = hasBias ? (hasDepthwiseBias ? 4 : 3) : nil
        let count = 3 + (hasDepthwiseBias ? 1 : 0) + (hasBias ? 1 : 0)
        try expectInputs(inputs, count...count)
        try expectFloating(inputs, 0, "x")
        guard inputs[1].rank == 4, inputs[1].shape[2] == 1, inputs[1].shape[3] > 0, inputs[2].rank == 4,
            inputs[2].shape.starts(with: [1, 1, inputs[1].shape[3]])
        else {
            throw .invalidArgument(
                "\(name): filters: expected shapes [kh, kw, 1, channels] and [1, 1, channels, out], received \(shapeText(inputs[1].shape)) "
                    + "and \(shapeText(inputs[2].shape))")
        }
        var firstAttributes = ConvolutionShape.window(attributes)
        firstAttributes["activation"] = attributes["depthwise_activation"]
        firstAttributes["alpha"] = attributes["depthwise_alpha"]
        let first = [inputs[0], inputs[1]] + (depthwiseBias.map { [inputs[$0]] } ?? [])
        let middle = try Self.convolution.outputSpecs(first, firstAttributes)[0]
        let second = [middle, inputs[2]] + (bias.map { [inputs[$0]] } ?? [])
        let own = Attributes(attributes.values.filter { ["activation", "alpha"].contains($0.key) })
        return Parts(
            first: first, firstAttributes: firstAttributes, middle: middle, second: second, secondAttributes: own,
            depthwiseBias: depthwiseBias, bias: bias)
    }

    /// The attributes of both convolutions as one, for the inputs x, both filters and the biases; nil where one after the other is better.
    package static func attributes(
        _ first: [TensorSpec], _ firstAttributes: Attributes, _ second: [TensorSpec], _ secondAttributes: Attributes
    ) -> Attributes? {
        guard first.count >= 2, second.count >= 2 else { return nil }
        var attributes = ConvolutionShape.window(firstAttributes)
        attributes["depthwise_activation"] = firstAttributes["activation"]
        attributes["depthwise_alpha"] = firstAttributes["alpha"]
        attributes["depthwise_bias"] = .int(first.count == 3 ? 1 : 0)
        attributes["activation"] = secondAttributes["activation"]
        attributes["alpha"] = secondAttributes["alpha"]
        attributes["bias"] = .int(second.count == 3 ? 1 : 0)
        let inputs = [first[0], first[1], second[1]] + first.dropFirst(2) + second.dropFirst(2)
        let op = SeparableConv2D()
        guard
            let window = try? ConvolutionShape(
                op: op.name, input: second[0], inputName: "x", filter: second[1], filterName: "filter", secondAttributes),
            window.isPointwise,
            let parts = try? op.parts(inputs, attributes), (try? op.blockwise(parts, threads: 1)) != nil
        else { return nil }
        return attributes
    }

    package func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        let parts = try parts(inputs, attributes)
        let shape = try ConvolutionShape(
            op: name, input: inputs[0], inputName: "x", filter: inputs[1], filterName: "filter", parts.firstAttributes)
        guard shape.icPerGroup == 1 else {
            throw .invalidArgument("\(name): filter: expected an in-depth of 1, received \(shapeText(inputs[1].shape))")
        }
        return try Self.convolution.outputSpecs(parts.second, parts.secondAttributes)
    }

    /// The two ways: block by block, or the one convolution after the other.
    package func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let parts = try parts(inputs, attributes)
        var candidates: [AlgorithmCandidate] = []
        if let fused = try blockwise(parts, threads: context.threads) { candidates.append(.init(cost: 0, fused)) }
        candidates.append(.init(cost: 1, try twoPasses(parts, context)))
        return try AlgorithmList.choose(name, candidates, inputs, outputs, attributes, context)
    }

    private func blockwise(_ parts: Parts, threads: Int) throws(ConvError) -> PreparedOp? {
        let first = try ConvolutionShape(
            op: name, input: parts.first[0], inputName: "x", filter: parts.first[1], filterName: "filter", parts.firstAttributes)
        let second = try ConvolutionShape(
            op: name, input: parts.middle, inputName: "x", filter: parts.second[1], filterName: "filter", parts.secondAttributes)
        guard
            let fused = SeparableConvolution(
                first, second, hasDepthwiseBias: parts.depthwiseBias != nil, try EpilogueActivation(parts.firstAttributes, op: name),
                hasBias: parts.bias != nil, try EpilogueActivation(parts.secondAttributes, op: name), threads: threads)
        else { return nil }
        return PreparedOp(
            algorithm: "separable", flops: fused.flops, workspaceBytes: fused.workspaceBytes, prepack: fused.prepack
        ) { arguments in
            fused.run(
                x: arguments.inputs[0], depthwiseFilter: arguments.inputs[1], filter: arguments.inputs[2], packed: arguments.packed,
                depthwiseBias: parts.depthwiseBias.map { arguments.inputs[$0] }, bias: parts.bias.map { arguments.inputs[$0] },
                y: arguments.outputs[0], workspace: arguments.workspace)
        }
    }

    private func twoPasses(_ parts: Parts, _ context: PrepareContext) throws(ConvError) -> PreparedOp {
        var own = context
        own.constantInputs = []
        own.algorithm = nil
        let first = try Self.convolution.prepare(parts.first, [parts.middle], parts.firstAttributes, own)
        own.constantInputs = context.constantInputs.contains(2) ? [1] : []
        let output = try Self.convolution.outputSpecs(parts.second, parts.secondAttributes)
        let second = try Self.convolution.prepare(parts.second, output, parts.secondAttributes, own)
        let middleBytes = (parts.middle.byteCount + 63) / 64 * 64
        let prepack = second.prepack.map { PreparedOp.Prepack(input: 2, bytes: $0.bytes, run: $0.run) }
        return PreparedOp(
            algorithm: "two-passes",
            flops: first.flops.addingReportingOverflow(second.flops).overflow ? Int.max : first.flops + second.flops,
            workspaceBytes: middleBytes + max(first.workspaceBytes, second.workspaceBytes), prepack: prepack
        ) { (arguments) throws(ConvError) in
            let (middle, scratch) = (arguments.workspace, arguments.workspace + middleBytes)
            let one = [arguments.inputs[0], arguments.inputs[1]] + (parts.depthwiseBias.map { [arguments.inputs[$0]] } ?? [])
            let two = [UnsafeRawPointer(middle), arguments.inputs[2]] + (parts.bias.map { [arguments.inputs[$0]] } ?? [])
            try run(first, one, middle, scratch, packed: nil)
            try run(second, two, arguments.outputs[0], scratch, packed: arguments.packed)
        }
    }

    private func run(
        _ op: PreparedOp, _ inputs: [UnsafeRawPointer], _ output: UnsafeMutableRawPointer, _ workspace: UnsafeMutableRawPointer,
        packed: UnsafeRawPointer?
    ) throws(ConvError) {
        var failure: ConvError?
        inputs.withUnsafeBufferPointer { inputs in
            withUnsafePointer(to: output) { output in
                guard let inputs = inputs.baseAddress else { return }
                do throws(ConvError) {
                    try op.run(OpArguments(inputs: inputs, outputs: output, workspace: workspace, packed: packed))
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
    }

    package func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool { onlyFirst(batched) }

    /// Those of the two convolutions; the depthwise result is computed again.
    package func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard outputGradients[0] != nil else { return call.inputs.map { _ in nil } }
        let parts = try parts(call.inputs.map(graph.spec), call.attributes)
        let first = [call.inputs[0], call.inputs[1]] + (parts.depthwiseBias.map { [call.inputs[$0]] } ?? [])
        let middle = try graph.apply("conv2d", first, parts.firstAttributes)
        let second = [middle[0], call.inputs[2]] + (parts.bias.map { [call.inputs[$0]] } ?? [])
        let outer = try Self.convolution.gradient(
            OpCall(inputs: second, outputs: call.outputs, attributes: parts.secondAttributes), outputGradients, graph)
        let inner = try Self.convolution.gradient(
            OpCall(inputs: first, outputs: middle, attributes: parts.firstAttributes), [outer[0]], graph)
        return inner.prefix(2) + [outer[1]] + inner.dropFirst(2) + outer.dropFirst(2)
    }
}
