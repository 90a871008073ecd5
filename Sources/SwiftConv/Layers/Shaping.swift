import TensorCore

/// All axes but the first become one.
public final class Flatten: Layer {
    /// What reports call it.
    public let name: String
    /// See the type.
    public init(name: String = "flatten") { self.name = name }
    /// Applies the layer.
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard let batch = x.shape.first else { throw .invalidArgument("\(name): expected a batch, received a scalar") }
        return try x.reshape([batch, x.shape.dropFirst().reduce(1, *)])
    }
}

/// Gives each example of the batch another shape.
public final class Reshape: Layer {
    /// What reports call it.
    public let name: String
    /// The shape of an example, without the batch.
    public let target: [Int]
    /// See the type.
    public init(_ target: [Int], name: String = "reshape") {
        self.target = target
        self.name = name
    }
    /// Applies the layer.
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard let batch = x.shape.first else { throw .invalidArgument("\(name): expected a batch, received a scalar") }
        return try x.reshape([batch] + target)
    }
}

/// An activation function as a layer.
public final class ActivationLayer: Layer {
    /// What reports call it.
    public let name: String
    /// What ends the layer.
    public let activation: Activation
    /// See the type.
    public init(_ activation: Activation, name: String = "activation") {
        self.activation = activation
        self.name = name
    }
    /// Applies the layer.
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try activation(x) }
}

/// Rows and columns of zeros around each image.
public final class ZeroPadding2D: Layer {
    /// What reports call it.
    public let name: String
    /// How it goes over the edges.
    public let padding: (top: Int, bottom: Int, left: Int, right: Int)
    /// See the type.
    public init(_ size: Size2 = 1, name: String = "zero_padding2d") {
        padding = (size.height, size.height, size.width, size.width)
        self.name = name
    }
    /// Applies the layer.
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try expectRank(4, x.shape, name)
        return try x.padded([(0, 0), (padding.top, padding.bottom), (padding.left, padding.right), (0, 0)])
    }
}
