import Graph
import TensorCore

/// A function as a layer. Files hold no code, only the name of a function that `register` knows.
///
///     Lambda.register("halved") { x in try x * 0.5 }
///     let layer = Lambda("halved")
public final class Lambda: Module, ConfigurableLayer {
    /// What it applies.
    public typealias Function = @Sendable (Tensor) throws -> Tensor

    nonisolated(unsafe) private static var registered: [String: Function] = [:]
    private static let lock = Lock()

    /// Keras's name.
    public static var className: String { "Lambda" }
    /// The name of a registered function; nil for another.
    public let functionName: String?
    private let function: Function?

    /// Lets files name a function.
    public static func register(_ name: String, _ function: @escaping Function) {
        lock.lock()
        registered[name] = function
        lock.unlock()
    }

    /// A function without a name: the layer cannot be written to a file that could be read again.
    public init(name: String? = nil, dtype: DType = .float32, _ function: @escaping Function) {
        functionName = nil
        self.function = function
        super.init(name: name, dtype: dtype)
    }

    /// A registered function.
    public init(_ functionName: String, name: String? = nil, dtype: DType = .float32) {
        self.functionName = functionName
        function = nil
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        functionName = try config.string("function")
        function = nil
        if let arguments = config["arguments"]?.asObject, !arguments.isEmpty {
            throw config.wrong("arguments", "none: functions here take the tensor alone")
        }
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config.set("function", functionName)
        config["arguments"] = .object([])
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        _ = try found()
    }

    private func found() throws(SwiftConvError) -> Function {
        if let function { return function }
        Self.lock.lock()
        let known = Self.registered[functionName ?? ""]
        Self.lock.unlock()
        guard let known else {
            throw .invalidArgument("\(name): expected a function given to Lambda.register, received \"\(functionName ?? "")\"")
        }
        return known
    }

    /// The function's result.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        let function = try found()
        return try userFunction(name) { try function(x) }
    }
}
