import Graph
import Ops
import TensorCore

/// The configuration of a functional model: its layers, and the calls of each.
extension ModelWriter {
    /// Layers, and ops that stand for a layer each, by their names in the file.
    private struct Entries {
        private(set) var list: [(name: String, head: [(String, Json)], calls: [Json])] = []
        private var places: [String: Int] = [:]

        func has(_ name: String) -> Bool { places[name] != nil }

        mutating func place(_ name: String, _ head: () throws(SwiftConvError) -> [(String, Json)]) throws(SwiftConvError) -> Int {
            if let known = places[name] { return known }
            list.append((name, try head(), []))
            places[name] = list.count - 1
            return list.count - 1
        }

        mutating func add(_ call: Json, to place: Int) { list[place].calls.append(call) }
    }

    static func functional(_ model: Model, _ program: FunctionalProgram) throws(SwiftConvError) -> Json {
        // Each value by the layer that made it, which of its calls, and which of the results: Keras's history.
        var histories: [Json] = []
        var entries = Entries()
        var numbers: [String: Int] = [:]
        for (tensor, shape) in zip(program.inputs, program.inputShapes) {
            guard case .node(let node, _) = tensor.content, case .input(let name, _) = node.kind else { continue }
            histories.append(history(name, 0, 0))
            _ = try entries.place(name) { input(name, [1] + shape, tensor.dtype) }
        }
        let layerNames = Set(program.layers.map(\.name))
        func unique(_ op: String) -> String {
            var name = op
            while entries.has(name) || layerNames.contains(name) {
                numbers[op, default: 0] += 1
                name = "\(op)_\(numbers[op, default: 0])"
            }
            return name
        }
        for step in program.steps {
            var keywords: [(String, Json)] = []
            var positional = try arguments(step, program, histories)
            let place: Int
            switch step.node.kind {
            case .input: continue
            case .layer(let layer, let training):
                place = try entries.place(layer.name) { () throws(SwiftConvError) in try self.layer(layer) }
                if let training { keywords.append(("training", .bool(training))) }
                if layer is any MaskableLayer, positional.count == 2 {
                    keywords.append(("mask", positional.removeLast()))
                } else if layer is any MultipleInputLayer || positional.count > 1 {
                    positional = [.array(positional)]
                }
            case .op(let op, let attributes):
                let name = unique(op)
                place = try entries.place(name) { opLayer(op, name, attributes) }
            case .part(let indices):
                let name = unique("getitem")
                place = try entries.place(name) { () throws(SwiftConvError) in
                    engineOp("getitem", name, [("key", .array(try indices.map { index throws(SwiftConvError) in try index.json }))])
                }
            }
            for output in step.node.outputSpecs.indices {
                histories.append(history(entries.list[place].name, entries.list[place].calls.count, output))
            }
            entries.add(.object([("args", .array(positional)), ("kwargs", .object(keywords))]), to: place)
        }
        let layers = entries.list.map { Json.object($0.head + [("name", .string($0.name)), ("inbound_nodes", .array($0.calls))]) }
        func ends(_ values: [Int], _ keys: [String]?) -> Json {
            if let keys, keys.count == values.count { return .object(zip(keys, values).map { ($0, histories[$1]) }) }
            return values.count == 1 ? histories[values[0]] : .array(values.map { histories[$0] })
        }
        return .object([
            ("module", .string("keras.src.models.functional")), ("class_name", .string("Functional")),
            (
                "config",
                .object([
                    ("name", .string(model.name)), ("trainable", .bool(true)), ("layers", .array(layers)),
                    ("input_layers", ends(Array(program.inputs.indices), model.inputKeys)),
                    ("output_layers", ends(program.outputs, model.outputKeys)),
                ])
            ), ("registered_name", .string("Functional")),
        ])
    }

    private static func arguments(
        _ step: FunctionalProgram.Step, _ program: FunctionalProgram, _ histories: [Json]
    ) throws(SwiftConvError) -> [Json] {
        // A number alone takes the type of the tensor beside it when it is read.
        let beside = step.inputs.first { $0.constant == nil }.map { program.specs[$0.value].dtype }
        var all: [Json] = []
        for input in step.inputs {
            if let constant = input.constant {
                all.append(try constantJson(constant, isPlain: beside == constant.spec.dtype))
            } else {
                all.append(symbol(program.specs[input.value], histories[input.value]))
            }
        }
        return all
    }

    private static func history(_ layer: String, _ call: Int, _ output: Int) -> Json { .array([.string(layer), .int(call), .int(output)]) }

    private static func symbol(_ spec: TensorSpec, _ history: Json) -> Json {
        .object([
            ("class_name", .string("__keras_tensor__")),
            ("config", .object([("shape", .batched(spec.shape)), ("dtype", .string(spec.dtype.name)), ("keras_history", history)])),
        ])
    }

    private static func opLayer(_ op: String, _ name: String, _ attributes: Attributes) -> [(String, Json)] {
        let values: [(String, Json)] = attributes.values.sorted { $0.key < $1.key }.map { key, value in
            switch value {
            case .int(let number): (key, .int(number))
            case .ints(let numbers): (key, .array(numbers.map { .int($0) }))
            case .double(let number): (key, .number(number))
            case .string(let text): (key, .string(text))
            }
        }
        return engineOp(op, name, values)
    }

    private static func engineOp(_ op: String, _ name: String, _ attributes: [(String, Json)]) -> [(String, Json)] {
        [
            ("module", .string("swiftconv.layers")), ("class_name", .string("EngineOp")),
            (
                "config",
                .object([("name", .string(name)), ("trainable", .bool(true)), ("op", .string(op)), ("attributes", .object(attributes))])
            ), ("registered_name", .null),
        ]
    }

    /// Numbers in a graph: one as itself where it may be, else a (nested) list with a type.
    private static func constantJson(_ tensor: Tensor, isPlain: Bool) throws(SwiftConvError) -> Json {
        let flat: [Json]
        switch tensor.dtype {
        case .float32, .float64: flat = try tensor.scalars(as: Double.self).map { .number($0) }
        case .bool: flat = try tensor.scalars(as: UInt8.self).map { .bool($0 != 0) }
        default: flat = try tensor.scalars(as: Int64.self).map { .int(Int($0)) }
        }
        func nested(_ shape: ArraySlice<Int>, _ from: Int) -> Json {
            guard let length = shape.first else { return flat[from] }
            let step = shape.dropFirst().reduce(1, *)
            return .array((0..<length).map { nested(shape.dropFirst(), from + $0 * step) })
        }
        let value = nested(tensor.shape[...], 0)
        if tensor.rank == 0, isPlain, value.asDouble != nil { return value }
        return .object([
            ("class_name", .string("__tensor__")), ("config", .object([("value", value), ("dtype", .string(tensor.dtype.rawValue))])),
        ])
    }
}

extension Json {
    /// A number; what JSON has no numbers for as a text, which NumPy reads as a number too.
    static func number(_ value: Double) -> Json {
        value.isFinite ? .double(value) : .string(value.isNaN ? "nan" : value > 0 ? "inf" : "-inf")
    }
}

extension TensorIndex {
    /// As files hold it: Python's integers, slices, `None` and `...`.
    var json: Json {
        get throws(SwiftConvError) {
            func slice(_ start: Int?, _ stop: Int?, _ step: Int?) -> Json {
                func value(_ number: Int?) -> Json { number.map { .int($0) } ?? .null }
                return .object([
                    ("class_name", .string("__slice__")),
                    ("config", .object([("start", value(start)), ("stop", value(stop)), ("step", value(step))])),
                ])
            }
            switch kind {
            case .all: return slice(nil, nil, nil)
            case .newAxis: return .null
            case .ellipsis: return .object([("class_name", .string("__ellipsis__")), ("config", .object([]))])
            case .at(let position): return .int(position)
            case .between(let lower, let upper, let isClosed):
                return slice(lower, upper.flatMap { isClosed ? ($0 == -1 ? nil : $0 &+ 1) : $0 }, nil)
            case .stride(let from, let to, let step): return slice(from, to, step)
            case .outside: throw .invalidArgument("subscript: expected a range between integers")
            }
        }
    }

    /// From a file.
    init(_ json: Json, _ what: String) throws(SwiftConvError) {
        if case .null = json {
            self = .newAxis
            return
        }
        if let position = json.asInt {
            self = .at(position)
            return
        }
        switch json["class_name"]?.asString {
        case "__ellipsis__": self = .ellipsis
        case "__slice__":
            let config = try LayerConfig(json["config"] ?? .null, for: "\(what): slice")
            let (start, stop) = (try config.optionalInt("start"), try config.optionalInt("stop"))
            let step = try config.int("step", default: 1)
            self = start == nil && stop == nil && step == 1 ? .all : .stride(from: start, to: stop, by: step)
        default: throw .invalidArgument("\(what): expected integers, slices, null or an ellipsis, received \(json.text.prefix(80))")
        }
    }
}
