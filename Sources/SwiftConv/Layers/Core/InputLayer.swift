import Graph
import TensorCore

/// Where a model begins: the shape and type of its input. A `Sequential` may begin with one, which then checks what it is given.
public final class InputLayer: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "InputLayer" }
    /// The sizes with the batch; nil where any will do.
    public let batchShape: [Int?]
    /// Written down for Keras; inputs are never left out here.
    public let isOptional: Bool

    /// `shape` is without the batch.
    public init(_ shape: [Int?], batchSize: Int? = nil, dtype: DType = .float32, name: String? = nil) {
        batchShape = [batchSize] + shape
        isOptional = false
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        guard let sizes = config["batch_shape"]?.asArray ?? config["batch_input_shape"]?.asArray else {
            throw config.wrong("batch_shape", "sizes")
        }
        var shape: [Int?] = []
        for size in sizes {
            if case .null = size {
                shape.append(nil)
            } else if let size = size.asInt {
                shape.append(size)
            } else {
                throw config.wrong("batch_shape", "whole numbers or null")
            }
        }
        batchShape = shape
        isOptional = try config.bool("optional", default: false)
        for key in ["sparse", "ragged"] where try config.bool(key, default: false) { throw config.wrong(key, "false") }
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = LayerConfig(for: Self.className)
        config["batch_shape"] = .array(batchShape.map { $0.map { .int($0) } ?? .null })
        config.set("dtype", dtype.rawValue)
        config.set("sparse", false)
        config.set("ragged", false)
        config.set("name", name)
        config.set("optional", isOptional)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        for case let size? in batchShape where size < 0 {
            throw .invalidArgument("\(name): shape: expected sizes of at least 0, received \(size)")
        }
    }

    /// The input, if it has the declared shape.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        let fits = x.rank == batchShape.count && zip(x.shape, batchShape).allSatisfy { $1 == nil || $0 == $1 }
        guard fits else {
            let wanted = batchShape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ")
            throw .invalidArgument("\(name): expected an input of shape (\(wanted)), received \(shapeText(x.shape))")
        }
        return x
    }
}
