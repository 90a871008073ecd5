import TensorCore

/// Convolution with `filters` learned filters of `kernelSize`, bias and activation.
///
/// Input `[batch, height, width, channels]`, output `[batch, newHeight, newWidth, filters]`.
public final class Conv2D: Layer {
    /// What reports call it.
    public let name: String
    /// The numbers it keeps; empty before `build`.
    public private(set) var parameters: [Parameter] = []
    /// The number of output channels.
    public let filters: Int
    /// Height and width of the filters.
    public let kernelSize: Size2
    /// The steps from window to window.
    public let strides: Size2
    /// How it goes over the edges.
    public let padding: Padding
    /// The distance of the filter's taps.
    public let dilations: Size2
    /// Into how many parts the channels are cut that are convolved apart.
    public let groups: Int
    /// What ends the layer.
    public let activation: Activation
    /// Whether there is a bias.
    public let useBias: Bool
    private let kernelInitializer: Initializer
    private let biasInitializer: Initializer

    /// See the type.
    public init(
        _ filters: Int, kernelSize: Size2, strides: Size2 = 1, padding: Padding = .valid, dilations: Size2 = 1, groups: Int = 1,
        activation: Activation = .linear, useBias: Bool = true, kernelInitializer: Initializer = .glorotUniform,
        biasInitializer: Initializer = .zeros, name: String = "conv2d"
    ) {
        self.filters = filters
        self.kernelSize = kernelSize
        self.strides = strides
        self.padding = padding
        self.dilations = dilations
        self.groups = groups
        self.activation = activation
        self.useBias = useBias
        self.kernelInitializer = kernelInitializer
        self.biasInitializer = biasInitializer
        self.name = name
    }

    /// Makes the parameters for inputs of this shape.
    public func build(inputShape: [Int]) throws(SwiftConvError) {
        try expectRank(4, inputShape, name)
        try expectPositive(filters, "filters", name)
        try expectPositive(kernelSize.height, "kernelSize", name)
        try expectPositive(kernelSize.width, "kernelSize", name)
        try expectPositive(groups, "groups", name)
        let channels = inputShape[3]
        guard channels % groups == 0, filters % groups == 0 else {
            throw .invalidArgument(
                "\(name): groups: expected a divisor of \(channels) channels and of \(filters) filters, received \(groups)")
        }
        let shape = [kernelSize.height, kernelSize.width, channels / groups, filters]
        var made = [try Parameter("\(name)/kernel", try kernelInitializer(shape))]
        if useBias { made.append(try Parameter("\(name)/bias", try biasInitializer([filters]))) }
        parameters = made
    }

    /// Applies the layer.
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard let kernel = parameters.first else { throw notBuilt(name) }
        let y = try nn.conv2d(
            x, try kernel.value, bias: parameters.count > 1 ? try parameters[1].value : nil, strides: strides, padding: padding,
            dilations: dilations, activation: activation)
        return try nonEmpty(y, from: x, name)
    }
}
