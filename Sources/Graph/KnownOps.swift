import Ops
import TensorCore

/// The few ops that the graph knows by name, because its passes are about what they mean.
enum KnownOps {
    /// Output 0 is input 0, bit for bit, under another shape: no work, no memory.
    static let aliases: Set<String> = ["reshape", "identity", "stop_gradient"]
    static let reshape = "reshape"
    static let transpose = "transpose"
    static let pad = "pad"
    static let convolution = "conv2d"
    static let add = "add"
    static let batchNormInference = "batch_norm_inference"
    static let batchNormTraining = "batch_norm_training"
    static let maxPoolBackward = "max_pool2d_backward"
    static let sum = "reduce_sum"
    /// Gradients of activations that look at the activation's result, element by element: 0 or the gradient itself.
    static let maskedByResult: Set<String> = ["relu_backward", "relu6_backward"]
    /// Ops whose output channels are the last axis of input 1, on which they depend linearly: a scale of the channels may move into it.
    static let linearInLastAxis: Set<String> = ["conv2d", "matmul"]
}

/// Copies its input. Planning puts it where content must be kept apart; it is in no registry.
struct CopyOp: Op {
    let name = "copy"

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        return inputs
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let bytes = inputs[0].byteCount
        return PreparedOp(algorithm: "copy") { arguments in
            copyBytes(to: arguments.outputs[0], from: arguments.inputs[0], bytes)
        }
    }
}
