import TensorCore

/// A product with a learned matrix along the last axis, bias and activation: `[…, n]` becomes `[…, units]`.
public final class Dense: Layer {
    public let name: String
    public private(set) var parameters: [Parameter] = []
    public let units: Int
    public let activation: Activation
    public let useBias: Bool
    private let kernelInitializer: Initializer
    private let biasInitializer: Initializer

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

    public func build(inputShape: [Int]) throws(SwiftConvError) {
        try expectPositive(units, "units", name)
        guard inputShape.count >= 2, let size = inputShape.last else {
            throw .invalidArgument("\(name): expected an input of at least 2 dimensions, received shape \(shapeText(inputShape))")
        }
        var made = [try Parameter("\(name)/kernel", try kernelInitializer([size, units]))]
        if useBias { made.append(try Parameter("\(name)/bias", try biasInitializer([units]))) }
        parameters = made
    }

    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard let kernel = parameters.first else { throw .invalidArgument("\(name): not built: call it through a model, or build(inputShape:)") }
        let y = try x.matmul(try kernel.value)
        return try activation(parameters.count > 1 ? try nn.biasAdd(y, try parameters[1].value) : y)
    }
}
