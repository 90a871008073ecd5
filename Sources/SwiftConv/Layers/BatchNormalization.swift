import TensorCore

/// Brings each channel (last axis) to mean 0 and deviation 1: by the batch's own statistics in training, by running ones else.
public final class BatchNormalization: Layer {
    /// What reports call it.
    public let name: String
    /// The numbers it keeps; empty before `build`.
    public private(set) var parameters: [Parameter] = []
    /// The share of the running statistics that a step leaves.
    public let momentum: Double
    /// Added to the variance, so that it is never 0.
    public let epsilon: Double

    /// The running statistics keep `momentum` of their old value in each step.
    public init(momentum: Double = 0.99, epsilon: Double = 1e-3, name: String = "batch_normalization") {
        self.momentum = momentum
        self.epsilon = epsilon
        self.name = name
    }

    /// Makes the parameters for inputs of this shape.
    public func build(inputShape: [Int]) throws(SwiftConvError) {
        guard inputShape.count >= 2, let channels = inputShape.last else {
            throw .invalidArgument("\(name): expected an input of at least 2 dimensions, received shape \(shapeText(inputShape))")
        }
        parameters = [
            try Parameter("\(name)/gamma", try .ones([channels])), try Parameter("\(name)/beta", try .zeros([channels])),
            try Parameter("\(name)/moving_mean", try .zeros([channels]), isTrainable: false),
            try Parameter("\(name)/moving_variance", try .ones([channels]), isTrainable: false),
        ]
    }

    /// Applies the layer.
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard parameters.count == 4 else { throw notBuilt(name) }
        let (gamma, beta) = (try parameters[0].value, try parameters[1].value)
        let (mean, variance) = (try parameters[2].value, try parameters[3].value)
        guard training else {
            return try nn.batchNormalization(x, mean: mean, variance: variance, offset: beta, scale: gamma, epsilon: epsilon)
        }
        let results = try apply("batch_norm_training", [x, gamma, beta], ["epsilon": .double(epsilon)])
        guard results.count == 3 else { throw SwiftConvError(.internal, "batch_norm_training: gave \(results.count) outputs") }
        try parameters[2].assign(try mean * momentum + results[1] * (1 - momentum))
        try parameters[3].assign(try variance * momentum + results[2] * (1 - momentum))
        return results[0]
    }
}
