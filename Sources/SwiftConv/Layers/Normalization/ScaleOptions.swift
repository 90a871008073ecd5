import TensorCore

/// The factor gamma and the offset beta that end a normalization.
struct ScaleOptions {
    let center: Bool
    let scale: Bool
    let beta: WeightOptions
    let gamma: WeightOptions

    init(_ center: Bool, _ scale: Bool, beta: WeightOptions, gamma: WeightOptions) {
        self.center = center
        self.scale = scale
        self.beta = beta
        self.gamma = gamma
    }

    init(_ config: LayerConfig) throws(SwiftConvError) {
        center = try config.bool("center", default: true)
        scale = try config.bool("scale", default: true)
        beta = try WeightOptions(config, "beta", .zeros)
        gamma = try WeightOptions(config, "gamma", .ones)
    }

    func write(to config: inout LayerConfig) {
        config.set("center", center)
        config.set("scale", scale)
        beta.write("beta", to: &config)
        gamma.write("gamma", to: &config)
    }

    func check(_ layer: String) throws(SwiftConvError) {
        try beta.check(layer)
        try gamma.check(layer)
    }

    var count: Int { (scale ? 1 : 0) + (center ? 1 : 0) }

    /// The parameters, of this shape.
    func parameters(of layer: Module, _ shape: [Int]) throws(SwiftConvError) -> [Parameter] {
        var made: [Parameter] = []
        if scale { made.append(try layer.weight("gamma", shape, gamma)) }
        if center { made.append(try layer.weight("beta", shape, beta)) }
        return made
    }

    /// `x · gamma + beta`, the parameters in a shape that broadcasts.
    func applied(to x: Tensor, _ parameters: [Parameter], shape: [Int]) throws(SwiftConvError) -> Tensor {
        var y = x
        if scale, let gamma = parameters.first { y = try y * gamma.value.reshape(shape) }
        if center, let beta = parameters.last { y = try y + beta.value.reshape(shape) }
        return y
    }
}

/// `x` with mean 0 (unless it is to keep its own) and variance 1 over `axes`.
func standardized(_ x: Tensor, axes: [Int], epsilon: Double, isCentered: Bool = true) throws(SwiftConvError) -> Tensor {
    let attributes: Attributes = ["axes": .ints(axes), "keepdims": .int(1)]
    let distance = try x - applyOne("reduce_mean", [x], attributes)
    let variance = try applyOne("reduce_mean", [try distance.square()], attributes)
    return try (isCentered ? distance : x) * (variance + epsilon).reciprocalSquareRoot()
}
