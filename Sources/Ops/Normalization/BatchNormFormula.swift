import TensorCore

/// What the backwards of batch normalization compute, in ops that have gradients: for second derivatives. The kernels take fewer passes.
struct BatchNormFormula {
    private let graph: any GraphBuilder
    private let epsilon: Double

    init(_ graph: any GraphBuilder, epsilon: Double) {
        self.graph = graph
        self.epsilon = epsilon
    }

    /// dx, dgamma and dbeta from x, gamma, mean, variance, dy and, with an activation, beta.
    func trainingBackward(_ inputs: [Value], _ activation: EpilogueActivation) throws(ConvError) -> [Value] {
        let (x, gamma, mean, variance) = (inputs[0], inputs[1], inputs[2], inputs[3])
        let inverse = try inverseDeviation(variance)
        let normalized = try graph("multiply", try graph("subtract", x, mean), inverse)
        var dy = inputs[4]
        if inputs.count == 6 {
            let before = try graph("add", try graph("multiply", normalized, gamma), inputs[5])
            dy = try activation.backward(dy, before, graph)
        }
        let dbeta = try columnSums(dy)
        let dgamma = try columnSums(try graph("multiply", dy, normalized))
        let share = try graph.scalar(1 / Double(max(1, graph.spec(x).shape.dropLast().reduce(1, *))), like: x)
        let middle = try graph("subtract", dy, try graph("multiply", dbeta, share))
        let inner = try graph("subtract", middle, try graph("multiply", normalized, try graph("multiply", dgamma, share)))
        return [try graph("multiply", inner, try graph("multiply", gamma, inverse)), dgamma, dbeta]
    }

    /// The gradients of x, gamma, beta, mean and variance from x, gamma, mean, variance and dy.
    func inferenceBackward(_ inputs: [Value]) throws(ConvError) -> [Value] {
        let (x, gamma, mean, variance, dy) = (inputs[0], inputs[1], inputs[2], inputs[3], inputs[4])
        let inverse = try inverseDeviation(variance)
        let scale = try graph("multiply", gamma, inverse)
        let normalized = try graph("multiply", try graph("subtract", x, mean), inverse)
        let dbeta = try columnSums(dy)
        let dgamma = try columnSums(try graph("multiply", dy, normalized))
        let half = try graph("multiply", try graph("multiply", scale, inverse), try graph.scalar(-0.5, like: x))
        return [
            try graph("multiply", dy, scale), dgamma, dbeta, try graph("negative", try graph("multiply", scale, dbeta)),
            try graph("multiply", half, dgamma),
        ]
    }

    private func inverseDeviation(_ variance: Value) throws(ConvError) -> Value {
        try graph("rsqrt", try graph("add", variance, try graph.scalar(epsilon, like: variance)))
    }

    /// Over all axes but the last.
    private func columnSums(_ value: Value) throws(ConvError) -> Value {
        try graph.sum(value, toShape: [graph.spec(value).shape[graph.spec(value).rank - 1]])
    }
}
