import Runtime
import TensorCore

/// Depthwise: as many groups as input channels.
extension ConvolutionAlgorithms {
    private static func depthwise(_ shape: ConvolutionShape, _ threads: Int) -> DepthwiseConvolution? {
        guard shape.icPerGroup == 1, shape.ic > 1, shape.dtype.isFloating else { return nil }
        return DepthwiseConvolution(
            images: shape.n, channels: shape.ic, multiplier: shape.ocPerGroup, geometry: shape.geometry, dtype: shape.dtype,
            threads: threads)
    }

    static func depthwiseForward(
        _ shape: ConvolutionShape, hasBias: Bool, _ activation: EpilogueActivation, threads: Int
    ) -> PreparedOp? {
        guard let depthwise = depthwise(shape, threads) else { return nil }
        return PreparedOp(
            algorithm: "depthwise", flops: shape.flops, workspaceBytes: depthwise.forwardWorkspaceBytes,
            prepack: .init(input: 1, bytes: depthwise.packedBytes) { depthwise.pack($0, into: $1) }
        ) { arguments in
            depthwise.forward(
                x: arguments.inputs[0], filter: arguments.inputs[1], packed: arguments.packed, bias: hasBias ? arguments.inputs[2] : nil,
                slope: activation.slope, ceiling: activation.ceiling, y: arguments.outputs[0], workspace: arguments.workspace)
        }
    }

    static func depthwiseBackwardInput(_ shape: ConvolutionShape, threads: Int) -> PreparedOp? {
        guard let depthwise = depthwise(shape, threads) else { return nil }
        return PreparedOp(algorithm: "depthwise", flops: shape.flops, workspaceBytes: depthwise.backwardInputWorkspaceBytes) { arguments in
            depthwise.backwardInput(
                filter: arguments.inputs[0], dy: arguments.inputs[1], dx: arguments.outputs[0], workspace: arguments.workspace)
        }
    }

    static func depthwiseBackwardFilter(_ shape: ConvolutionShape, threads: Int) -> PreparedOp? {
        guard let depthwise = depthwise(shape, threads) else { return nil }
        return PreparedOp(algorithm: "depthwise", flops: shape.flops, workspaceBytes: depthwise.backwardFilterWorkspaceBytes) { arguments in
            depthwise.backwardFilter(
                x: arguments.inputs[0], dy: arguments.inputs[1], dfilter: arguments.outputs[0], workspace: arguments.workspace)
        }
    }
}

extension EpilogueActivation {
    /// The factor of negative values: 1 leaves them.
    var slope: Double {
        switch self {
        case .linear: 1
        case .relu, .relu6: 0
        case .leakyRelu(let alpha): alpha
        }
    }

    /// The largest value that is let through.
    var ceiling: Double { self == .relu6 ? 6 : .infinity }
}
