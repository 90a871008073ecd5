import Runtime
import TensorCore

/// The ordered lists of ways to convolve: the first that accepts a shape serves it, the plain loops accept all.
enum ConvolutionAlgorithms {
    static func forward(_ shape: ConvolutionShape, hasBias: Bool, _ activation: EpilogueActivation, threads: Int) -> PreparedOp {
        if let prepared = depthwiseForward(shape, hasBias: hasBias, activation, threads: threads) { return prepared }
        if let prepared = winogradForward(shape, hasBias: hasBias, activation, threads: threads) { return prepared }
        return switch shape.dtype {
        case .float32: referenceForward(Float.self, shape, threads) { bias, o, sum in activation(sum + (bias?[o] ?? 0)) } hasBias: { hasBias }
        case .float64: referenceForward(Double.self, shape, threads) { bias, o, sum in activation(sum + (bias?[o] ?? 0)) } hasBias: { hasBias }
        default: referenceForward(Int32.self, shape, threads) { bias, o, sum in sum &+ (bias?[o] ?? 0) } hasBias: { hasBias }
        }
    }

    static func backwardInput(_ shape: ConvolutionShape, threads: Int) -> PreparedOp {
        if let prepared = depthwiseBackwardInput(shape, threads: threads) { return prepared }
        if let prepared = winogradBackwardInput(shape, threads: threads) { return prepared }
        return shape.dtype == .float32 ? referenceBackwardInput(Float.self, shape, threads) : referenceBackwardInput(Double.self, shape, threads)
    }

    static func backwardFilter(_ shape: ConvolutionShape, threads: Int) -> PreparedOp {
        if let prepared = depthwiseBackwardFilter(shape, threads: threads) { return prepared }
        return shape.dtype == .float32 ? referenceBackwardFilter(Float.self, shape, threads) : referenceBackwardFilter(Double.self, shape, threads)
    }

    static func referenceForward<T: ConvolutionScalar>(
        _: T.Type, _ shape: ConvolutionShape, _ threads: Int,
        epilogue: @escaping @Sendable (UnsafePointer<T>?, Int, T) -> T, hasBias: () -> Bool
    ) -> PreparedOp {
        let reference = ReferenceConvolution<T>(shape: shape, threads: threads)
        let hasBias = hasBias()
        return PreparedOp(algorithm: "reference", flops: shape.flops) { arguments in
            let bias: UnsafePointer<T>? = hasBias ? arguments.input(2) : nil
            reference.forward(arguments.input(0), arguments.input(1), arguments.output(0)) { epilogue(bias, $0, $1) }
        }
    }

    static func referenceBackwardInput<T: ConvolutionScalar>(_: T.Type, _ shape: ConvolutionShape, _ threads: Int) -> PreparedOp {
        let reference = ReferenceConvolution<T>(shape: shape, threads: threads)
        return PreparedOp(algorithm: "reference", flops: shape.flops) { arguments in
            reference.backwardInput(arguments.input(0), arguments.input(1), arguments.output(0))
        }
    }

    static func referenceBackwardFilter<T: ConvolutionScalar>(_: T.Type, _ shape: ConvolutionShape, _ threads: Int) -> PreparedOp {
        let reference = ReferenceConvolution<T>(shape: shape, threads: threads)
        return PreparedOp(algorithm: "reference", flops: shape.flops) { arguments in
            reference.backwardFilter(arguments.input(0), arguments.input(1), arguments.output(0))
        }
    }
}
