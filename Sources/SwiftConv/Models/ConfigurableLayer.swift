import Graph

/// A layer that a model file can hold: it writes its arguments down and can be made from them.
///
///     final class Offset: Module, ConfigurableLayer {
///         static let className = "Offset"
///         let amount: Double
///         init(_ amount: Double) {
///             self.amount = amount
///             super.init(name: nil)
///         }
///         init(config: LayerConfig) throws(SwiftConvError) {
///             amount = try config.double("amount")
///             super.init(name: try config.string("name"))
///         }
///         var config: LayerConfig {
///             var config = LayerConfig(for: "Offset")
///             config.set("name", name)
///             config.set("amount", amount)
///             return config
///         }
///         override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor { try x + amount }
///     }
///     LayerRegistry.register(Offset.self)
///
/// A file can then name it: `Model.load(from:)`, `Model.fromJSON(_:)`.
public protocol ConfigurableLayer: Layer, SendableMetatype {
    /// What files call the class: Keras's name for a layer that Keras has.
    static var className: String { get }
    /// Its arguments, under Keras's names.
    var config: LayerConfig { get }
    /// A layer of these arguments.
    init(config: LayerConfig) throws(SwiftConvError)
}

/// The classes that model files may name.
public enum LayerRegistry {
    package static let own: [any ConfigurableLayer.Type] = [
        ActivationLayer.self, ActivityRegularization.self, Add.self, Average.self, AveragePooling1D.self, AveragePooling2D.self,
        BatchNormalization.self, Concatenate.self, Conv1D.self, Conv2D.self, Conv2DTranspose.self, Cropping2D.self, Dense.self,
        DepthwiseConv2D.self, Dropout.self, ELU.self, Flatten.self, GaussianNoise.self, GlobalAveragePooling1D.self,
        GlobalAveragePooling2D.self, GlobalMaxPooling1D.self, GlobalMaxPooling2D.self, GroupNormalization.self, Identity.self,
        InputLayer.self, Lambda.self, LayerNormalization.self, LeakyReLU.self, MaxPooling1D.self, MaxPooling2D.self, Maximum.self,
        Minimum.self, Multiply.self, PReLU.self, Permute.self, ReLU.self, RepeatVector.self, Rescaling.self, Reshape.self,
        SeparableConv2D.self, Softmax.self, SpatialDropout2D.self, Subtract.self, UpSampling2D.self, ZeroPadding2D.self,
    ]
    private static let ownByName = Dictionary(own.map { ($0.className, $0) }, uniquingKeysWith: { first, _ in first })
    /// Keras's other names.
    private static let aliases = [
        "AvgPool1D": "AveragePooling1D", "AvgPool2D": "AveragePooling2D", "Convolution1D": "Conv1D", "Convolution2D": "Conv2D",
        "Convolution2DTranspose": "Conv2DTranspose", "DepthwiseConvolution2D": "DepthwiseConv2D",
        "GlobalAvgPool1D": "GlobalAveragePooling1D", "GlobalAvgPool2D": "GlobalAveragePooling2D",
        "GlobalMaxPool1D": "GlobalMaxPooling1D", "GlobalMaxPool2D": "GlobalMaxPooling2D", "MaxPool1D": "MaxPooling1D",
        "MaxPool2D": "MaxPooling2D", "SeparableConvolution2D": "SeparableConv2D",
    ]
    nonisolated(unsafe) private static var added: [String: any ConfigurableLayer.Type] = [:]
    private static let lock = Lock()

    /// Whether a name is that of a class of this library.
    static func isOwn(_ name: String) -> Bool { ownByName[name] != nil }

    /// Lets files name a layer of your own.
    public static func register(_ type: any ConfigurableLayer.Type) {
        lock.lock()
        added[type.className] = type
        lock.unlock()
    }

    /// The class of a name.
    package static func type(named name: String) throws(SwiftConvError) -> any ConfigurableLayer.Type {
        if let found = ownByName[aliases[name, default: name]] { return found }
        lock.lock()
        let found = added[name]
        lock.unlock()
        guard let found else {
            throw .invalidArgument("model file: \(name): expected a layer of this library or one given to LayerRegistry.register")
        }
        return found
    }
}
