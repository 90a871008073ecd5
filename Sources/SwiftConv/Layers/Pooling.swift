import TensorCore

/// The largest number of each window.
public final class MaxPooling2D: Layer {
    public let name: String
    public let size: Size2
    public let strides: Size2
    public let padding: Padding

    /// `strides` are the window's size by default.
    public init(_ size: Size2 = 2, strides: Size2? = nil, padding: Padding = .valid, name: String = "max_pooling2d") {
        self.size = size
        self.strides = strides ?? size
        self.padding = padding
        self.name = name
    }

    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try nn.maxPool2d(x, size: size, strides: strides, padding: padding)
    }
}

/// The mean of each window, padding left out of the count.
public final class AveragePooling2D: Layer {
    public let name: String
    public let size: Size2
    public let strides: Size2
    public let padding: Padding

    public init(_ size: Size2 = 2, strides: Size2? = nil, padding: Padding = .valid, name: String = "average_pooling2d") {
        self.size = size
        self.strides = strides ?? size
        self.padding = padding
        self.name = name
    }

    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try nn.averagePool2d(x, size: size, strides: strides, padding: padding)
    }
}

/// The mean of each channel over the image: `[batch, height, width, channels]` becomes `[batch, channels]`.
public final class GlobalAveragePooling2D: Layer {
    public let name: String
    public init(name: String = "global_average_pooling2d") { self.name = name }
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try expectRank(4, x.shape, name)
        return try x.mean(1, 2)
    }
}

/// The largest of each channel over the image: `[batch, height, width, channels]` becomes `[batch, channels]`.
public final class GlobalMaxPooling2D: Layer {
    public let name: String
    public init(name: String = "global_max_pooling2d") { self.name = name }
    public func callAsFunction(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try expectRank(4, x.shape, name)
        return try x.max(1, 2)
    }
}
