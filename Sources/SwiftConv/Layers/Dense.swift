import TensorCore

/// A product with a learned matrix along the last axis, bias and activation: `[…, n]` becomes `[…, units]`.
public final class Dense: Layer {
    /// What reports call it.
    public let name: String
    /// The numbers it keeps; empty before `build`.
    public private(set) var parameters: [Parameter] = []
    /// The size of the output.
    public let units: Int
    /// What ends the layer.
    public let activation: Activation
    /// Whether there is a bias.
    public let useBias: Bool
    private let kernelInitializer: Initializer
    private let biasInitializer: Initializer

    /// See the type.
    public init(
        _ units: Int, activation: Activation = .linear, useBias: Bool = true, kernelInitializer: Initializer = .glorotUniform,
        biasInitializer: Initializer = .zeros, name: String = "dense"
    ) {
        self.units = units
        self.activation = activation
        self.useBias = useBias
        self.kernelInitializer = kernelInitializer
        self.biasInitializer = biasInitializer
        self.name = name
    }

    /// Makes the parameters for inputs of this shape.
    public func build(inputShape: [Int]) throws(SwiftConvError) {
        try expectPositive(units, "units", name)
        guard inputShape.count >= 2, let size = inputShape.last else {
            throw .invalidArgument("\(name): expected an input of at least 2 dimensions, received shape \(shapeText(inputShape))")
        }
        var made = [try Parameter("\(name)/kernel", try kernelInitializer([size, units]))]
        if useBias { made.append(try Parameter("\(name)/bias", try biasInitializer([units]))) }
        parameters = made
    }

    /// Applies the layer.
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard let kernel = parameters.first else { throw notBuilt(name) }
        let y = try x.matmul(try kernel.value)
        return try activation(parameters.count > 1 ? try nn.biasAdd(y, try parameters[1].value) : y)
    }
}
