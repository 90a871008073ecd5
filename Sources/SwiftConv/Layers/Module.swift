import Graph
import TensorCore

/// The base class of the library's layers: a name, a type, whether it is trained, and its parameters. Layers of your own may be
/// subclasses, or conform to `Layer` themselves.
///
///     final class Linear: Module {
///         let units: Int
///         init(_ units: Int) {
///             self.units = units
///             super.init()
///         }
///         override func build(inputShape: [Int]) throws(SwiftConvError) {
///             setParameters([try parameter("kernel", shape: [inputShape.last ?? 1, units], .glorotUniform)])
///         }
///         override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try x.matmul(parameters[0].value) }
///     }
///
/// A layer may be made of others: those in its properties are trained, frozen and saved with it, see ``sublayers``.
///
///     final class Residual: Module {
///         let first = Conv2D(4, kernelSize: 3, padding: .same, activation: .relu)
///         let second = Conv2D(4, kernelSize: 3, padding: .same)
///         override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try nn.relu(x + second(first(x))) }
///     }
///     let block = Residual()
///     try block.build(inputShape: [1, 8, 8, 4])
///     _ = try block(Tensor.zeros([1, 8, 8, 4]))
///     print(block.parameterCount)                // 296
open class Module: Layer {
    /// What reports and files call it.
    public let name: String
    /// The type of its weights and of what it computes; floating-point inputs of another type are cast to it.
    public let dtype: DType
    /// What its output adds to the loss in training.
    public let activityRegularizer: Regularizer?
    /// The numbers it keeps, those of the layers in its properties behind its own; empty before `build`.
    public final var parameters: [Parameter] { mayHoldLayers ? heldParameters(after: made) : made }
    /// What `build` made.
    private(set) final var made: [Parameter] = []
    /// The library's own layers hold no others: nothing is looked for in them.
    final let mayHoldLayers: Bool
    /// Whether training changes its weights. A `BatchNormalization` that is not trained also leaves its statistics alone and uses them.
    public var isTrainable = true {
        didSet {
            for layer in sublayers { layer.isTrainable = isTrainable }
            for parameter in parameters { parameter.isFrozen = !isTrainable }
        }
    }

    /// Whether `build` is done.
    public private(set) var isBuilt = false

    /// Without a name it gets the one of its class with a number: "conv2d", "conv2d_1" …
    public init(name: String? = nil, dtype: DType = .float32, activityRegularizer: Regularizer? = nil) {
        self.name = Self.given(name) ?? LayerNames.next(for: Self.fileName)
        self.dtype = dtype
        self.activityRegularizer = activityRegularizer
        mayHoldLayers = Self.mayHoldLayers
    }

    /// The arguments of every layer from a file: name, type, whether it is trained, the regularizer of its output.
    public init(base config: LayerConfig) throws(SwiftConvError) {
        name = Self.given(config.has("name") ? try config.string("name") : nil) ?? LayerNames.next(for: Self.fileName)
        dtype = try config.dtype("dtype")
        activityRegularizer = try config.regularizer("activity_regularizer")
        mayHoldLayers = Self.mayHoldLayers
        isTrainable = try config.bool("trainable", default: true)
    }

    private static func given(_ name: String?) -> String? { name == "" ? nil : name }
    private static var mayHoldLayers: Bool { !String(reflecting: Self.self).hasPrefix("SwiftConv.") }
    private static var fileName: String { (self as? any ConfigurableLayer.Type)?.className ?? String(describing: self) }

    /// Makes the parameters for inputs of this shape.
    open func build(inputShape: [Int]) throws(SwiftConvError) {}

    /// What it computes.
    open func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        throw .invalidArgument("\(name): expected a subclass of Module that overrides call(_:training:)")
    }

    final func markBuilt() { isBuilt = true }

    /// What `build` makes, replaced at once: a `build` that throws leaves nothing half made.
    public final func setParameters(_ made: [Parameter]) {
        self.made = made
        isBuilt = true
        for parameter in made { parameter.isFrozen = !isTrainable }
    }

    /// A parameter under the layer's name.
    public final func parameter(
        _ weight: String, _ initial: Tensor, isTrainable: Bool = true, regularizer: Regularizer? = nil, constraint: Constraint? = nil
    ) throws(SwiftConvError) -> Parameter {
        try Parameter("\(name)/\(weight)", initial, isTrainable: isTrainable, regularizer: regularizer, constraint: constraint)
    }

    /// A parameter of `shape` under the layer's name, of the layer's type, that begins as `initializer` says.
    public final func parameter(
        _ weight: String, shape: [Int], _ initializer: Initializer, isTrainable: Bool = true, regularizer: Regularizer? = nil,
        constraint: Constraint? = nil
    ) throws(SwiftConvError) -> Parameter {
        try parameter(
            weight, try initializer(shape, dtype: dtype), isTrainable: isTrainable, regularizer: regularizer, constraint: constraint)
    }

    /// The arguments of every layer as files hold them, under Keras's names; subclasses add their own.
    public final var baseConfig: LayerConfig {
        var config = plainConfig
        if let activityRegularizer { config["activity_regularizer"] = activityRegularizer.json }
        return config
    }

    /// `baseConfig` without the regularizer.
    final var plainConfig: LayerConfig {
        var config = LayerConfig(for: Self.fileName)
        config.set("name", name)
        config.set("trainable", isTrainable)
        config["dtype"] = Serialized.object("keras", "DTypePolicy", [("name", .string(dtype.rawValue))])
        return config
    }

    // MARK: what the library's layers share

    /// Throws if an argument of the constructor cannot be used; asked before `build`, and when a layer is made from a file.
    func checkArguments() throws(SwiftConvError) {
        guard !name.contains("/") else { throw .invalidArgument("\(name): name: expected a text without \"/\", received \"\(name)\"") }
        try activityRegularizer?.check(name)
    }

    /// The last step of `init(config:)`: checks the arguments, and that the file named no others.
    final func checkRead(_ config: LayerConfig, also names: [String] = []) throws(SwiftConvError) {
        try checkArguments()
        let known = Set((self as? any ConfigurableLayer)?.config.members.map(\.key) ?? [])
        for (key, value) in config.members where !known.contains(key) && !names.contains(key) && !Self.ignored.contains(key) {
            if case .null = value { continue }
            throw .invalidArgument("\(Self.fileName): config: expected one of \(known.sorted()), received \"\(key)\"")
        }
    }

    /// What older files hold: the shape of the input, which the model knows.
    private static var ignored: [String] {
        [
            "activity_regularizer", "autocast", "batch_input_shape", "batch_shape", "batch_size", "input_dim", "input_dtype",
            "input_shape",
        ]
    }

    /// A weight that begins, is regularized and is kept in bounds as `options` say.
    final func weight(
        _ weight: String, _ shape: [Int], _ options: WeightOptions, isTrainable: Bool = true
    ) throws(SwiftConvError) -> Parameter {
        try parameter(
            weight, try options.initializer(shape, dtype: dtype), isTrainable: isTrainable, regularizer: options.regularizer,
            constraint: options.constraint)
    }

    /// Floating-point numbers in the layer's type; others as they are.
    final func autocast(_ x: Tensor) throws(SwiftConvError) -> Tensor { x.spec.dtype.isFloating ? try x.cast(to: dtype) : x }

    /// Numbers in the layer's type: for layers that multiply them with weights.
    final func floats(_ x: Tensor) throws(SwiftConvError) -> Tensor { try x.cast(to: dtype) }

    /// What is done with every output: the regularizer of activities, a mean over the batch.
    final func finished(_ y: Tensor) throws(SwiftConvError) -> Tensor {
        guard let activityRegularizer, let trace = Trace.current, !activityRegularizer.isNothing else { return y }
        trace.addLoss(try activityRegularizer(try floats(y)) / Double(Swift.max(y.shape.first ?? 1, 1)))
        return y
    }
}

/// How a weight begins, what it adds to the loss, and what keeps it in bounds.
struct WeightOptions {
    var initializer: Initializer
    var regularizer: Regularizer?
    var constraint: Constraint?

    init(_ initializer: Initializer, _ regularizer: Regularizer? = nil, _ constraint: Constraint? = nil) {
        self.initializer = initializer
        self.regularizer = regularizer
        self.constraint = constraint
    }

    /// The options of `weight` in a file: `kernel_initializer` and so on.
    init(_ config: LayerConfig, _ weight: String, _ missing: Initializer) throws(SwiftConvError) {
        initializer = try config.initializer("\(weight)_initializer", default: missing)
        regularizer = try config.regularizer("\(weight)_regularizer")
        constraint = try config.constraint("\(weight)_constraint")
    }

    func write(_ weight: String, to config: inout LayerConfig) {
        config["\(weight)_initializer"] = initializer.json
        config["\(weight)_regularizer"] = regularizer?.json
        config["\(weight)_constraint"] = constraint?.json
    }

    func check(_ layer: String) throws(SwiftConvError) { try regularizer?.check(layer) }
}
