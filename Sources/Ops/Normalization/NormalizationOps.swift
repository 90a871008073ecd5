import CKernelInterface
import Runtime
import TensorCore

/// The family's members; see `docs/ops/README.md` and `docs/ops/batch-normalization.md`.
let normalizationOps: [any Op] = [
    BatchNormTraining(), BatchNormTrainingBackward(), BatchNormInference(), BatchNormInferenceBackward(),
]

/// The checks that the four ops share.
protocol BatchNormOp: Op {}

extension BatchNormOp {
    /// Throws unless input 0 is a floating tensor of at least one axis, `vectors` (by index) are its channels' and `likeX` has its spec.
    func check(
        _ inputs: [TensorSpec], vectors: [(Int, String)], likeX: Int? = nil, _ attributes: Attributes
    ) throws(ConvError) {
        try expectFloating(inputs, 0, "x")
        let x = inputs[0]
        guard let channels = x.shape.last else {
            throw .invalidArgument("\(name): x: expected at least 1 dimension (the last is the channels), received shape ()")
        }
        for (index, argument) in vectors {
            guard inputs[index].dtype == x.dtype else {
                throw .wrongType("\(name): \(argument): expected \(x.dtype), the type of x, received \(inputs[index].dtype)")
            }
            guard inputs[index].shape == [channels] else {
                throw .invalidArgument(
                    "\(name): \(argument): expected shape (\(channels),), the channels of x \(shapeText(x.shape)), "
                        + "received \(shapeText(inputs[index].shape))")
            }
        }
        if let likeX, inputs[likeX] != x {
            throw .invalidArgument("\(name): dy: expected \(x), the spec of x, received \(inputs[likeX])")
        }
        let epsilon = try epsilon(attributes)
        guard epsilon >= 0, epsilon.isFinite else {
            throw .invalidArgument("\(name): epsilon: expected a finite number of at least 0, received \(epsilon)")
        }
    }

    func epsilon(_ attributes: Attributes) throws(ConvError) -> Double { try attributes.double("epsilon", default: 1e-3) }

    /// The ceiling of the activation behind the normalization (infinity for relu, 6 for relu6), -1 where there is none.
    func ceiling(_ attributes: Attributes) throws(ConvError) -> Double {
        let activation = try EpilogueActivation(attributes, op: name)
        switch activation {
        case .linear: return -1
        case .relu: return .infinity
        case .relu6: return 6
        case .leakyRelu:
            throw .invalidArgument("\(name): activation: expected linear, relu or relu6, received \(activation)")
        }
    }
}

/// The kernels of one element type.
struct NormalizationKernels: @unchecked Sendable {
    let moments: sc_moments_kernel
    let momentsBackward: sc_moments_backward_kernel
    let normalize: sc_normalize_kernel
    let normalizeBackward: sc_normalize_backward_kernel
    let momentsActivated: sc_moments_activated_kernel

    init<T>(_: T.Type) {
        let k = Kernels.table.normalization
        let single = T.self == Float.self
        moments = single ? k.moments_f32! : k.moments_f64!
        momentsBackward = single ? k.moments_backward_f32! : k.moments_backward_f64!
        normalize = single ? k.normalize_f32! : k.normalize_f64!
        normalizeBackward = single ? k.normalize_backward_f32! : k.normalize_backward_f64!
        momentsActivated = single ? k.moments_activated_f32! : k.moments_activated_f64!
    }
}
