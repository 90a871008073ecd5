import TensorCore

/// All axes but the first become one.
public final class Flatten: Layer {
    public let name: String
    public init(name: String = "flatten") { self.name = name }
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard let batch = x.shape.first else { throw .invalidArgument("\(name): expected a batch, received a scalar") }
        return try x.reshape([batch, x.shape.dropFirst().reduce(1, *)])
    }
}

/// Gives each example of the batch another shape.
public final class Reshape: Layer {
    public let name: String
    public let target: [Int]
    public init(_ target: [Int], name: String = "reshape") {
        self.target = target
        self.name = name
    }
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard let batch = x.shape.first else { throw .invalidArgument("\(name): expected a batch, received a scalar") }
        return try x.reshape([batch] + target)
    }
}

/// An activation function as a layer.
public final class ActivationLayer: Layer {
    public let name: String
    public let activation: Activation
    public init(_ activation: Activation, name: String = "activation") {
        self.activation = activation
        self.name = name
    }
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try activation(x) }
}

/// Rows and columns of zeros around each image.
public final class ZeroPadding2D: Layer {
    public let name: String
    public let padding: (top: Int, bottom: Int, left: Int, right: Int)
    public init(_ size: Size2 = 1, name: String = "zero_padding2d") {
        padding = (size.height, size.height, size.width, size.width)
        self.name = name
    }
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try expectRank(4, x.shape, name)
        return try x.padded([(0, 0), (padding.top, padding.bottom), (padding.left, padding.right), (0, 0)])
    }
}
