import Runtime
import TensorCore

/// y = activation(residual + conv2d(x, filter) + bias) of a pointwise convolution: the sums start from the residual, whose memory y takes over
/// where nobody else reads it. Inputs: x, filter, bias (with the attribute `bias`), residual. Passes put it where a residual network adds
/// a convolution to what it went around; it is in no registry.
package struct PointwiseConvolutionAdd: Op {
    package let name = "conv2d_add"
    private static let convolution = Conv2D()

    package init() {}

    private func hasBias(_ attributes: Attributes) -> Bool { (try? attributes.bool("bias", default: false)) == true }

    /// The inputs and attributes for a convolution of these, with the sum's other operand; nil where the product of matrices does not serve it.
    package static func attributes(
        _ convolution: [TensorSpec], _ attributes: Attributes, residual: TensorSpec
    ) -> Attributes? {
        guard !OpenBLAS.isChosen, (2...3).contains(convolution.count), convolution[0].dtype.isFloating,
            (try? EpilogueActivation(attributes, op: "")) == .linear,
            let shape = try? ConvolutionShape(
                op: "", input: convolution[0], inputName: "x", filter: convolution[1], filterName: "filter", attributes),
            shape.isPointwise, shape.groups == 1, shape.ic > 0, shape.oc > 0,
            residual == TensorSpec(convolution[0].dtype, shape.outputShape)
        else { return nil }
        var result = attributes
        result["bias"] = .int(convolution.count == 3 ? 1 : 0)
        return result
    }

    package func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        let count = hasBias(attributes) ? 4 : 3
        try expectInputs(inputs, count...count)
        let outputs = try Self.convolution.outputSpecs(Array(inputs.dropLast()), attributes)
        guard outputs == [inputs[count - 1]] else {
            throw .invalidArgument("\(name): residual: expected \(outputs[0]), received \(inputs[count - 1])")
        }
        return outputs
    }

    package func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let shape = try ConvolutionShape(
            op: name, input: inputs[0], inputName: "x", filter: inputs[1], filterName: "filter", attributes)
        let hasBias = hasBias(attributes)
        let product = IndirectConvolution.forward(
            shape, hasBias: hasBias, addsToY: true, try EpilogueActivation(attributes, op: name), threads: context.threads)
        let (residual, bytes) = (inputs.count - 1, outputs[0].byteCount)
        return PreparedOp(
            algorithm: "gemm", flops: shape.flops + outputs[0].count, workspaceBytes: product.workspaceBytes(prepacked: false),
            prepack: product.prepack(input: 1)
        ) { arguments in
            let y = arguments.outputs[0]
            if arguments.inputs[residual] != UnsafeRawPointer(y) { y.copyMemory(from: arguments.inputs[residual], byteCount: bytes) }
            product.run(
                a: arguments.inputs[0], b: arguments.inputs[1], packed: arguments.packed, bias: hasBias ? arguments.inputs[2] : nil,
                y: y, workspace: arguments.workspace)
        }
    }

    package func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] { [inputs.count - 1] }

    package func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool {
        batched.first == true && batched.last == true && !batched.dropFirst().dropLast().contains(true)
    }

    package func absorbing(_ role: EpilogueRole, _ inputs: [TensorSpec], _ attributes: Attributes) -> Attributes? {
        if case .bias = role { return nil }
        return EpilogueActivation.absorbing(role, hasBias: true, inputs, attributes)
    }
}
