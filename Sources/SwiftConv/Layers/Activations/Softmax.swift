import Graph
import TensorCore

/// `softmax` along an axis, or over several together; where a mask is false the result is 0.
public final class Softmax: Module, ConfigurableLayer, MaskableLayer {
    /// Keras's name.
    public static var className: String { "Softmax" }
    /// The axes; negative ones count from the end.
    public let axes: [Int]
    private let isList: Bool

    /// Along one axis.
    public init(axis: Int = -1, name: String? = nil, dtype: DType = .float32) {
        axes = [axis]
        isList = false
        super.init(name: name, dtype: dtype)
    }

    /// Over several axes together.
    public init(axes: [Int], name: String? = nil, dtype: DType = .float32) {
        self.axes = axes
        isList = true
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        axes = try config.ints("axis", default: [-1])
        isList = config["axis"]?.asArray != nil
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        if isList { config.set("axis", axes) } else { config.set("axis", axes.first) }
        return config
    }

    /// What it computes where the mask is true.
    public func call(_ x: Tensor, mask: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        let x = try floats(x)
        return try call(x + (1 - mask.cast(to: x.dtype)) * -3e38, training: training)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        let x = try floats(x)
        var last: [Int] = []
        for axis in axes { last.append(try expectAxis(axis, x.shape, name)) }
        if last == [x.rank - 1] { return try Activation.softmax(x) }
        let order = (0..<x.rank).filter { !last.contains($0) } + last
        let moved = try x.transpose(order)
        let rows = Array(moved.shape.prefix(x.rank - last.count))
        let size = last.reduce(1) { $0 * x.shape[$1] }
        let y = try Activation.softmax(try moved.reshape(rows + [size])).reshape(moved.shape)
        return try y.transpose((0..<x.rank).map { order.firstIndex(of: $0) ?? $0 })
    }
}
