import TensorCore

/// Gives each example of the batch another shape.
public final class Reshape: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Reshape" }
    /// The shape of an example, without the batch; one size may be −1.
    public let target: [Int]

    /// See the type.
    public init(_ target: [Int], name: String? = nil, dtype: DType = .float32) {
        self.target = target
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        target = try config.ints("target_shape")
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("target_shape", target)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        guard target.filter({ $0 == -1 }).count <= 1, target.allSatisfy({ $0 >= -1 }) else {
            throw .invalidArgument("\(name): target: expected sizes, at most one of them -1, received \(target)")
        }
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        guard let batch = x.shape.first else { throw .invalidArgument("\(name): expected a batch, received a scalar") }
        let total = x.shape.dropFirst().reduce(1, *)
        var known = 1
        for size in target where size != -1 {
            let (product, overflow) = known.multipliedReportingOverflow(by: size)
            known = overflow ? .max : product
        }
        let isOpen = target.contains(-1)
        guard isOpen ? known > 0 && total % known == 0 : known == total else {
            throw .invalidArgument("\(name): target: \(target) does not hold the \(total) elements of shape \(shapeText(x.shape))")
        }
        return try x.reshape([batch] + target.map { $0 == -1 ? total / known : $0 })
    }
}

/// The axes of each example in another order.
public final class Permute: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Permute" }
    /// The axes in their new order, counted from 1: the batch is axis 0 and stays.
    public let dims: [Int]

    /// See the type.
    public init(_ dims: [Int], name: String? = nil, dtype: DType = .float32) {
        self.dims = dims
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        dims = try config.ints("dims")
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("dims", dims)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        guard dims.sorted() == (0..<dims.count).map({ $0 + 1 }) else {
            throw .invalidArgument("\(name): dims: expected an order of 1 to \(dims.count), received \(dims)")
        }
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try expectRank(dims.count + 1, x.shape, name)
        return try x.transpose([0] + dims)
    }
}

/// Each vector `n` times along a new axis: `[batch, size]` becomes `[batch, n, size]`.
public final class RepeatVector: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "RepeatVector" }
    /// How many times.
    public let n: Int

    /// See the type.
    public init(_ n: Int, name: String? = nil, dtype: DType = .float32) {
        self.n = n
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        n = try config.int("n")
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("n", n)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try expectPositive(n, "n", name)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try expectRank(2, x.shape, name)
        let wide = try x.reshape([x.shape[0], 1, x.shape[1]])
        return try applyOne("tile", [wide], ["multiples": .ints([1, n, 1])])
    }
}
