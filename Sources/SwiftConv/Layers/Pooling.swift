import TensorCore

/// The largest number of each window.
public final class MaxPooling2D: Layer {
    /// What reports call it.
    public let name: String
    /// Height and width of the window.
    public let size: Size2
    /// The steps from window to window.
    public let strides: Size2
    /// How it goes over the edges.
    public let padding: Padding

    /// `strides` are the window's size by default.
    public init(_ size: Size2 = 2, strides: Size2? = nil, padding: Padding = .valid, name: String = "max_pooling2d") {
        self.size = size
        self.strides = strides ?? size
        self.padding = padding
        self.name = name
    }

    /// Applies the layer.
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try nonEmpty(try nn.maxPool2d(x, size: size, strides: strides, padding: padding), from: x, name)
    }
}

/// The mean of each window, padding left out of the count.
public final class AveragePooling2D: Layer {
    /// What reports call it.
    public let name: String
    /// Height and width of the window.
    public let size: Size2
    /// The steps from window to window.
    public let strides: Size2
    /// How it goes over the edges.
    public let padding: Padding

    /// See the type.
    public init(_ size: Size2 = 2, strides: Size2? = nil, padding: Padding = .valid, name: String = "average_pooling2d") {
        self.size = size
        self.strides = strides ?? size
        self.padding = padding
        self.name = name
    }

    /// Applies the layer.
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try nonEmpty(try nn.averagePool2d(x, size: size, strides: strides, padding: padding), from: x, name)
    }
}

/// The mean of each channel over the image: `[batch, height, width, channels]` becomes `[batch, channels]`.
public final class GlobalAveragePooling2D: Layer {
    /// What reports call it.
    public let name: String
    /// See the type.
    public init(name: String = "global_average_pooling2d") { self.name = name }
    /// Applies the layer.
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try expectRank(4, x.shape, name)
        return try x.mean(1, 2)
    }
}

/// The largest of each channel over the image: `[batch, height, width, channels]` becomes `[batch, channels]`.
public final class GlobalMaxPooling2D: Layer {
    /// What reports call it.
    public let name: String
    /// See the type.
    public init(name: String = "global_max_pooling2d") { self.name = name }
    /// Applies the layer.
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try expectRank(4, x.shape, name)
        return try x.max(1, 2)
    }
}
