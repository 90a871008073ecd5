import Graph
import Ops
import TensorCore

/// Models as JSON: the configurations of Keras, which the Python package and Keras itself read and write.
extension Model {
    /// The architecture as JSON in Keras's form: layers, their arguments and how they are connected. Weights are not part of it.
    public var json: String {
        get throws(SwiftConvError) { try serialized().text }
    }

    /// A model of the architecture that `json` describes, its weights as layers initialize them.
    ///
    /// Read are the configurations that `json` and the Python package's `model.to_json()` write: `Sequential` and functional models of
    /// the library's layers, and of those given to `LayerRegistry`.
    public static func fromJSON(_ json: String) throws(SwiftConvError) -> Model {
        guard let parsed = Json.parsed(json) else { throw .invalidArgument("fromJSON: expected JSON, received \"\(json.prefix(60))\"") }
        return try ModelReader.model(parsed)
    }

    func serialized() throws(SwiftConvError) -> Json {
        if let program { return try ModelWriter.functional(self, program) }
        if let sequential = self as? Sequential { return try ModelWriter.sequential(sequential) }
        throw SwiftConvError(
            .unsupported, "\(name): a subclass of Model cannot be written down: make it of Inputs, or save its weights alone")
    }
}

extension Json {
    /// A shape with its batch, and other sizes that are not known, left open.
    static func batched(_ shape: [Int]) -> Json { .array([.null] + shape.dropFirst().map { $0 < 0 ? .null : .int($0) }) }
}

enum ModelWriter {
    static func layer(_ layer: any Layer) throws(SwiftConvError) -> [(String, Json)] {
        if let model = layer as? Model {
            guard case .object(let members) = try model.serialized() else { return [] }
            return members
        }
        guard let configurable = layer as? any ConfigurableLayer else {
            throw SwiftConvError(
                .unsupported,
                "\(layer.name): \(type(of: layer)) cannot be written to a file: let it conform to ConfigurableLayer, or save the weights alone"
            )
        }
        let name = type(of: configurable).className
        let isOwn = LayerRegistry.isOwn(name)
        return [
            ("module", .string(isOwn ? "keras.layers" : "swiftconv.custom")), ("class_name", .string(name)),
            ("config", configurable.config.json), ("registered_name", isOwn ? .null : .string(name)),
        ]
    }

    static func input(_ name: String, _ shape: [Int], _ dtype: DType) -> [(String, Json)] {
        [
            ("module", .string("keras.layers")), ("class_name", .string("InputLayer")),
            (
                "config",
                .object([
                    ("batch_shape", .batched(shape)), ("dtype", .string(dtype.rawValue)), ("sparse", .bool(false)),
                    ("ragged", .bool(false)),
                    ("name", .string(name)),
                ])
            ), ("registered_name", .null),
        ]
    }

    static func sequential(_ model: Sequential) throws(SwiftConvError) -> Json {
        var layers: [Json] = []
        var config: [(String, Json)] = [("name", .string(model.name)), ("trainable", .bool(true))]
        if model.isBuilt {
            layers.append(.object(input("\(model.name)_input", model.inputShape, .float32)))
        }
        for layer in model.layers { layers.append(.object(try self.layer(layer))) }
        config.append(("layers", .array(layers)))
        if model.isBuilt { config.append(("build_input_shape", .batched(model.inputShape))) }
        var members: [(String, Json)] = [
            ("module", .string("keras")), ("class_name", .string("Sequential")), ("config", .object(config)), ("registered_name", .null),
        ]
        if model.isBuilt { members.append(("build_config", .object([("input_shape", .batched(model.inputShape))]))) }
        return .object(members)
    }
}
