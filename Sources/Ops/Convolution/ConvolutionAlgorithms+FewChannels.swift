import Runtime
import TensorCore

/// Images of few channels: first layers, and the gradients of their inputs.
extension ConvolutionAlgorithms {
    static func fewChannelsForward(
        _ shape: ConvolutionShape, hasBias: Bool, _ activation: EpilogueActivation, threads: Int
    ) -> PreparedOp? {
        guard let convolution = FewChannelConvolution(shape, hasBias: hasBias, activation, threads: threads) else { return nil }
        return convolution.prepared("direct-few-channels", flops: shape.flops, hasBias: hasBias)
    }

    static func fewChannelsBackwardInput(_ shape: ConvolutionShape, threads: Int) -> PreparedOp? {
        guard let gradient = FewChannelGradient(shape, threads: threads) else { return nil }
        return PreparedOp(
            algorithm: "direct-few-channels", flops: shape.flops, workspaceBytes: gradient.workspaceBytes,
            prepack: .init(input: 0, bytes: gradient.packedBytes) { gradient.pack($0, into: $1) }
        ) { arguments in
            gradient.run(
                filter: arguments.inputs[0], packed: arguments.packed, dy: arguments.inputs[1], dx: arguments.outputs[0],
                workspace: arguments.workspace)
        }
    }

    /// Packing an image pays where a packed value serves many multiplications: not for few rows of the filter gradient.
    static func fewChannelsBackwardFilter(_ shape: ConvolutionShape, threads: Int) -> PreparedOp? {
        guard shape.oc > 0, shape.icPerGroup <= 4, shape.kh * shape.kw > 1 else { return nil }
        let gradient = FilterGradientRuns(shape, threads: threads)
        return PreparedOp(
            algorithm: "direct-few-channels", flops: shape.flops, workspaceBytes: gradient.workspaceBytes
        ) { arguments in
            gradient.run(x: arguments.inputs[0], dy: arguments.inputs[1], dfilter: arguments.outputs[0], workspace: arguments.workspace)
        }
    }
}
