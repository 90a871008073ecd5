import Runtime
import TensorCore

/// The ways to convolve, in the order of preference; `AlgorithmList` chooses by their costs. The plain loops end each list and accept all.
enum ConvolutionAlgorithms {
    static func forward(
        _ shape: ConvolutionShape, hasBias: Bool, _ activation: EpilogueActivation, _ context: PrepareContext
    ) -> [AlgorithmCandidate] {
        let threads = context.threads
        if let prepared = depthwiseForward(shape, hasBias: hasBias, activation, threads: threads) {
            return [.init(cost: shape.work(context), prepared), reference(shape, hasBias: hasBias, activation, threads)]
        }
        if let prepared = OpenBLASGemm.forward(shape, hasBias: hasBias, activation, threads: threads) { return [.init(cost: 0, prepared)] }
        var found = winogradForward(shape, hasBias: hasBias, activation, context)
        if let prepared = fewChannelsForward(shape, hasBias: hasBias, activation, threads: threads) {
            found.append(.init(cost: 0.9 * shape.work(context), prepared))
        }
        if let prepared = groupedForward(shape, hasBias: hasBias, activation, threads: threads) {
            found.append(.init(cost: 0.5 * shape.work(context), prepared))
        }
        if let prepared = indirectForward(shape, hasBias: hasBias, activation, threads: threads) {
            found.append(.init(cost: shape.work(context), prepared))
        }
        return found + [reference(shape, hasBias: hasBias, activation, threads)]
    }

    static func backwardInput(_ shape: ConvolutionShape, _ context: PrepareContext) -> [AlgorithmCandidate] {
        let threads = context.threads
        let plain = AlgorithmCandidate(
            cost: .infinity,
            shape.dtype == .float32
                ? referenceBackwardInput(Float.self, shape, threads) : referenceBackwardInput(Double.self, shape, threads))
        if let prepared = depthwiseBackwardInput(shape, threads: threads) { return [.init(cost: shape.work(context), prepared), plain] }
        if let prepared = OpenBLASGemm.backwardInput(shape, threads: threads) { return [.init(cost: 0, prepared)] }
        var found = winogradBackwardInput(shape, context)
        if let prepared = fewChannelsBackwardInput(shape, threads: threads) {
            found.append(.init(cost: 0.9 * shape.work(context), prepared))
        }
        if let prepared = groupedBackwardInput(shape, threads: threads) {
            found.append(.init(cost: 0.5 * shape.work(context), prepared))
        }
        if let prepared = indirectBackwardInput(shape, threads: threads) { found.append(.init(cost: shape.work(context), prepared)) }
        return found + [plain]
    }

    static func backwardFilter(_ shape: ConvolutionShape, _ context: PrepareContext) -> [AlgorithmCandidate] {
        let threads = context.threads
        let plain = AlgorithmCandidate(
            cost: .infinity,
            shape.dtype == .float32
                ? referenceBackwardFilter(Float.self, shape, threads) : referenceBackwardFilter(Double.self, shape, threads))
        if let prepared = depthwiseBackwardFilter(shape, threads: threads) { return [.init(cost: shape.work(context), prepared), plain] }
        if let prepared = OpenBLASGemm.backwardFilter(shape, threads: threads) { return [.init(cost: 0, prepared)] }
        var found = winogradBackwardFilter(shape, context)
        if let prepared = fewChannelsBackwardFilter(shape, threads: threads) {
            found.append(.init(cost: 0.9 * shape.work(context), prepared))
        }
        if let prepared = groupedBackwardFilter(shape, threads: threads) {
            found.append(.init(cost: 0.5 * shape.work(context), prepared))
        }
        if let prepared = indirectBackwardFilter(shape, threads: threads) { found.append(.init(cost: shape.work(context), prepared)) }
        return found + [plain]
    }

    private static func reference(
        _ shape: ConvolutionShape, hasBias: Bool, _ activation: EpilogueActivation, _ threads: Int
    ) -> AlgorithmCandidate {
        switch shape.dtype {
        case .float32:
            let prepared = referenceForward(Float.self, shape, hasBias, threads) { bias, o, sum in activation(sum + (bias?[o] ?? 0)) }
            return .init(cost: .infinity, prepared)
        case .float64:
            let prepared = referenceForward(Double.self, shape, hasBias, threads) { bias, o, sum in activation(sum + (bias?[o] ?? 0)) }
            return .init(cost: .infinity, prepared)
        default:
            let prepared = referenceForward(Int32.self, shape, hasBias, threads) { bias, o, sum in sum &+ (bias?[o] ?? 0) }
            return .init(cost: .infinity, prepared)
        }
    }

    static func indirectForward(
        _ shape: ConvolutionShape, hasBias: Bool, _ activation: EpilogueActivation, threads: Int
    ) -> PreparedOp? {
        guard shape.dtype.isFloating, shape.oc > 0 else { return nil }
        let product = IndirectConvolution.forward(shape, hasBias: hasBias, activation, threads: threads)
        return PreparedOp(
            algorithm: shape.isPointwise ? "gemm" : "direct", flops: shape.flops,
            workspaceBytes: product.workspaceBytes(prepacked: false), prepack: product.prepack(input: 1)
        ) { arguments in
            product.run(
                a: arguments.inputs[0], b: arguments.inputs[1], packed: arguments.packed, bias: hasBias ? arguments.inputs[2] : nil,
                y: arguments.outputs[0], workspace: arguments.workspace)
        }
    }

    static func indirectBackwardInput(_ shape: ConvolutionShape, threads: Int) -> PreparedOp? {
        guard shape.oc > 0 else { return nil }
        let product = IndirectConvolution.backwardInput(shape, threads: threads)
        return PreparedOp(
            algorithm: shape.isPointwise ? "gemm" : "direct", flops: shape.flops,
            workspaceBytes: product.workspaceBytes(prepacked: false), prepack: product.prepack(input: 0)
        ) { arguments in
            product.run(
                a: arguments.inputs[1], b: arguments.inputs[0], packed: arguments.packed, bias: nil, y: arguments.outputs[0],
                workspace: arguments.workspace)
        }
    }

    static func indirectBackwardFilter(_ shape: ConvolutionShape, threads: Int) -> PreparedOp? {
        guard shape.oc > 0 else { return nil }
        let gradient = FilterGradient(shape, threads: threads)
        return PreparedOp(
            algorithm: shape.isPointwise ? "gemm" : "direct", flops: shape.flops, workspaceBytes: gradient.workspaceBytes
        ) { arguments in
            gradient.run(x: arguments.inputs[0], dy: arguments.inputs[1], dfilter: arguments.outputs[0], workspace: arguments.workspace)
        }
    }

    static func referenceForward<T: ConvolutionScalar>(
        _: T.Type, _ shape: ConvolutionShape, _ hasBias: Bool, _ threads: Int,
        epilogue: @escaping @Sendable (UnsafePointer<T>?, Int, T) -> T
    ) -> PreparedOp {
        let reference = ReferenceConvolution<T>(shape: shape, threads: threads)
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
