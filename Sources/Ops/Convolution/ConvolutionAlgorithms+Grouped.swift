import Runtime
import TensorCore

/// Groups narrower than a vector.
extension ConvolutionAlgorithms {
    static func groupedForward(
        _ shape: ConvolutionShape, hasBias: Bool, _ activation: EpilogueActivation, threads: Int
    ) -> PreparedOp? {
        guard let convolution = GroupedConvolution.forward(shape, hasBias: hasBias, activation, threads: threads) else { return nil }
        return convolution.prepared("direct-grouped", flops: shape.flops, hasBias: hasBias)
    }

    static func groupedBackwardInput(_ shape: ConvolutionShape, threads: Int) -> PreparedOp? {
        guard let gradient = GroupedConvolution.backwardInput(shape, threads: threads) else { return nil }
        return PreparedOp(
            algorithm: "direct-grouped", flops: shape.flops, workspaceBytes: gradient.workspaceBytes,
            prepack: .init(input: 0, bytes: gradient.packedBytes) { gradient.pack($0, into: $1) }
        ) { arguments in
            gradient.run(
                x: arguments.inputs[1], filter: arguments.inputs[0], packed: arguments.packed, bias: nil, y: arguments.outputs[0],
                workspace: arguments.workspace)
        }
    }

    static func groupedBackwardFilter(_ shape: ConvolutionShape, threads: Int) -> PreparedOp? {
        guard let gradient = GroupedFilterGradient(shape, threads: threads) else { return nil }
        return PreparedOp(
            algorithm: "direct-grouped", flops: shape.flops, workspaceBytes: gradient.workspaceBytes
        ) { arguments in
            gradient.run(x: arguments.inputs[0], dy: arguments.inputs[1], dfilter: arguments.outputs[0], workspace: arguments.workspace)
        }
    }
}
