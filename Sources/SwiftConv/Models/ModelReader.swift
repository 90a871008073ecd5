import Graph
import Ops
import TensorCore

/// Models from the JSON of their configurations.
enum ModelReader {
    static func wrong(_ what: String) -> SwiftConvError { .invalidArgument("model configuration: \(what)") }

    static func model(_ json: Json) throws(SwiftConvError) -> Model {
        guard let className = json["class_name"]?.asString, let config = json["config"] else {
            throw wrong("expected an object with class_name and config, received \(json.text.prefix(60))")
        }
        switch className {
        case "Sequential": return try sequential(config)
        case "Functional", "Model":
            guard config["layers"] != nil, config["input_layers"] != nil else {
                throw SwiftConvError(
                    .unsupported, "model configuration: \(className): expected a functional model, received a subclass of Model")
            }
            return try GraphReader(config).model()
        default:
            throw SwiftConvError(
                .unsupported, "model configuration: class_name: expected Sequential or Functional, received \"\(className)\"")
        }
    }

    static func layer(_ json: Json) throws(SwiftConvError) -> any Layer {
        guard let className = json["class_name"]?.asString, let config = json["config"] else {
            throw wrong("expected a layer with class_name and config, received \(json.text.prefix(60))")
        }
        if className == "Sequential" || className == "Functional" || className == "Model" { return try model(json) }
        let type = try LayerRegistry.type(named: className)
        let layer = try type.init(config: LayerConfig(config, for: className))
        if case .bool(false)? = config["trainable"] { layer.isTrainable = false }
        return layer
    }

    /// The input of an `InputLayer`, by its shape without the batch, -1 where a size may be any.
    static func input(_ json: Json) throws(SwiftConvError) -> (shape: [Int], dtype: DType, name: String?)? {
        guard json["class_name"]?.asString == "InputLayer", let config = json["config"] else { return nil }
        guard let sizes = (config["batch_shape"] ?? config["batch_input_shape"])?.asArray else {
            throw wrong("InputLayer: batch_shape: expected a list of sizes, received \(config.text.prefix(80))")
        }
        let shape = try Self.shape(sizes, "InputLayer: batch_shape")
        let word = (config["dtype"]?["config"]?["name"] ?? config["dtype"])?.asString ?? "float32"
        guard let dtype = DType(rawValue: word) else { throw wrong("InputLayer: dtype: expected a type of tensors, received \"\(word)\"") }
        return (shape, dtype, config["name"]?.asString)
    }

    /// Sizes without the batch, -1 for null.
    private static func shape(_ sizes: [Json], _ what: String) throws(SwiftConvError) -> [Int] {
        var shape: [Int] = []
        for size in sizes.dropFirst() {
            if case .null = size {
                shape.append(-1)
            } else if let number = size.asInt, number >= 0 {
                shape.append(number)
            } else {
                throw wrong("\(what): expected whole numbers or null, received \(size.text.prefix(80))")
            }
        }
        return shape
    }

    private static func sequential(_ config: Json) throws(SwiftConvError) -> Sequential {
        guard let entries = config["layers"]?.asArray else { throw wrong("Sequential: expected layers") }
        var shape: [Int]?
        var layers: [any Layer] = []
        for entry in entries {
            if let input = try input(entry) {
                shape = [1] + input.shape
            } else {
                layers.append(try layer(entry))
            }
        }
        let model = Sequential(name: config["name"]?.asString, layers: layers)
        if shape == nil, let sizes = config["build_input_shape"]?.asArray {
            shape = [1] + (try Self.shape(sizes, "Sequential: build_input_shape"))
        }
        if let shape { try model.build(inputShape: shape) }
        return model
    }
}
