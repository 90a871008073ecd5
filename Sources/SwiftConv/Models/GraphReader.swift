import Graph
import Ops
import TensorCore

/// A functional model from its configuration: what Keras and the Python package write, older forms of connections included.
struct GraphReader {
    /// One call of a layer.
    struct Call: Hashable {
        var layer: String
        var index: Int
    }

    private enum Kind {
        case layer(any Layer)
        case op(String, Attributes)
        case part([TensorIndex])
    }

    private struct Entry {
        var name: String
        var kind: Kind
        var calls: ArraySlice<Json>
        var done = 0
    }

    private let config: Json
    private var made: [Call: [Tensor]] = [:]
    private var entries: [Entry] = []

    init(_ config: Json) throws(SwiftConvError) {
        self.config = config
        guard let layers = config["layers"]?.asArray else { throw ModelReader.wrong("expected layers") }
        var names: Set<String> = []
        for entry in layers {
            guard let name = entry["name"]?.asString ?? entry["config"]?["name"]?.asString else {
                throw ModelReader.wrong("expected a name for each layer")
            }
            guard names.insert(name).inserted else { throw ModelReader.wrong("two layers are called \"\(name)\"") }
            if let input = try ModelReader.input(entry) {
                made[Call(layer: name, index: 0)] = [try Input(input.shape, dtype: input.dtype, name: name)]
                continue
            }
            let calls = entry["inbound_nodes"]?.asArray ?? []
            entries.append(Entry(name: name, kind: try Self.kind(entry), calls: calls[...]))
        }
    }

    private static func kind(_ entry: Json) throws(SwiftConvError) -> Kind {
        guard entry["class_name"]?.asString == "EngineOp" else { return .layer(try ModelReader.layer(entry)) }
        guard let config = entry["config"], let op = config["op"]?.asString else {
            throw ModelReader.wrong("EngineOp: expected the name of an op")
        }
        if op == "getitem" {
            guard let keys = config["attributes"]?["key"]?.asArray else {
                throw ModelReader.wrong("EngineOp getitem: key: expected a list")
            }
            var indices: [TensorIndex] = []
            for key in keys { indices.append(try TensorIndex(key, "model configuration: EngineOp getitem: key")) }
            return .part(indices)
        }
        _ = try engine { () throws(ConvError) in try Registry.op(op) }
        var attributes = Attributes()
        for (key, value) in config["attributes"]?.asObject ?? [] {
            switch value {
            case .int(let number): attributes[key] = .int(number)
            case .double(let number): attributes[key] = .double(number)
            case .bool(let flag): attributes[key] = .int(flag ? 1 : 0)
            case .string(let text): attributes[key] = Json.special(text).map { .double($0) } ?? .string(text)
            case .null: continue
            default:
                guard let numbers = value.asInts else {
                    throw ModelReader.wrong("EngineOp \(op): \(key): expected numbers, received \(value.text.prefix(60))")
                }
                attributes[key] = .ints(numbers)
            }
        }
        return .op(op, attributes)
    }

    // MARK: the calls

    /// The model.
    consuming func model() throws(SwiftConvError) -> Model {
        try makeAll()
        let (inputs, inputKeys) = try ends("input_layers")
        let (outputs, outputKeys) = try ends("output_layers")
        let model = try Model(inputs: inputs, outputs: outputs, name: config["name"]?.asString)
        model.inputKeys = inputKeys
        model.outputKeys = outputKeys
        return model
    }

    /// Makes each call as soon as all is made that it needs; one that lacks something waits for it.
    private mutating func makeAll() throws(SwiftConvError) {
        var waiting: [Call: [Int]] = [:]
        var ready = Array(entries.indices.reversed())
        while let i = ready.popLast() {
            while let call = entries[i].calls.first {
                if let missing = try missing(call) {
                    waiting[missing, default: []].append(i)
                    break
                }
                let place = Call(layer: entries[i].name, index: entries[i].done)
                made[place] = try make(entries[i], call)
                entries[i].done += 1
                entries[i].calls = entries[i].calls.dropFirst()
                ready += (waiting.removeValue(forKey: place) ?? []).reversed()
            }
        }
        let left = entries.filter { !$0.calls.isEmpty }.map(\.name)
        guard left.isEmpty else { throw ModelReader.wrong("the inputs of \(left.prefix(10)) do not exist") }
    }

    /// The first call that is not made yet of those that a value needs.
    private func missing(_ value: Json) throws(SwiftConvError) -> Call? {
        switch value {
        case .array(let items):
            if let call = Self.history(value)?.call, items.count == 4 { return made[call] == nil ? call : nil }
            for item in items {
                if let found = try missing(item) { return found }
            }
            return nil
        case .object(let members):
            if value["class_name"]?.asString == "__keras_tensor__" {
                guard let (call, _) = Self.history(value["config"]?["keras_history"] ?? .null) else {
                    throw ModelReader.wrong("expected a tensor with keras_history, received \(value.text.prefix(80))")
                }
                return made[call] == nil ? call : nil
            }
            for (_, item) in members {
                if let found = try missing(item) { return found }
            }
            return nil
        default: return nil
        }
    }

    private static func history(_ json: Json) -> (call: Call, output: Int)? {
        guard let parts = json.asArray, parts.count >= 3, let name = parts[0].asString, let index = parts[1].asInt,
            let output = parts[2].asInt
        else { return nil }
        return (Call(layer: name, index: index), output)
    }

    func lookUp(_ history: Json) throws(SwiftConvError) -> Tensor {
        guard let (call, output) = Self.history(history), let tensors = made[call], tensors.indices.contains(output) else {
            throw ModelReader.wrong("expected the output of a layer, received \(history.text.prefix(80))")
        }
        return tensors[output]
    }

    /// The ends of the model; an object gives them names, in whose order they are.
    private func ends(_ key: String) throws(SwiftConvError) -> (tensors: [Tensor], keys: [String]?) {
        guard let value = config[key] else { throw ModelReader.wrong("expected \(key)") }
        var found: [Tensor] = []
        func collect(_ value: Json) throws(SwiftConvError) {
            if Self.history(value) != nil {
                found.append(try lookUp(value))
            } else if let members = value.asObject {
                for (_, inner) in Self.sorted(members) { try collect(inner) }
            } else if let items = value.asArray {
                for item in items { try collect(item) }
            } else {
                throw ModelReader.wrong("\(key): expected outputs of layers, received \(value.text.prefix(80))")
            }
        }
        try collect(value)
        let keys = value.asObject.map { Self.sorted($0).map(\.0) }
        return (found, keys?.count == found.count ? keys : nil)
    }

    /// As Python sorts the keys of a dictionary.
    static func sorted(_ members: [(String, Json)]) -> [(String, Json)] {
        members.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
    }

    private func make(_ entry: Entry, _ call: Json) throws(SwiftConvError) -> [Tensor] {
        if let older = call.asArray { return try makeOlder(entry, older) }
        guard let arguments = call["args"]?.asArray else {
            throw ModelReader.wrong("\(entry.name): expected a call with args, received \(call.text.prefix(60))")
        }
        let keywords = (call["kwargs"]?.asObject ?? []).filter { if case .null = $0.1 { false } else { true } }
        switch entry.kind {
        case .layer(let layer): return try apply(layer, arguments, keywords)
        case .op, .part:
            if let keyword = keywords.first {
                throw ModelReader.wrong("\(entry.name): expected a call without keyword arguments, received \(keyword.0)")
            }
            var op: String?
            if case .op(let name, _) = entry.kind { op = name }
            return try apply(entry.kind, try operands(entry.name, op: op, arguments))
        }
    }

    /// Keras 2: `[[layer, call, output, keyword arguments], …]`.
    private func makeOlder(_ entry: Entry, _ call: [Json]) throws(SwiftConvError) -> [Tensor] {
        var tensors: [Tensor] = []
        for part in Self.history(.array(call)) == nil ? call : [.array(call)] { tensors.append(try lookUp(part)) }
        guard case .layer(let layer) = entry.kind else { return try apply(entry.kind, tensors) }
        var training: Bool?
        if let parts = call.first?.asArray, parts.count > 3, case .bool(let flag)? = parts[3]["training"] { training = flag }
        return try FunctionalNode.apply(all: layer, tensors, training: Self.fixed(training, layer))
    }

    private func apply(_ kind: Kind, _ inputs: [Tensor]) throws(SwiftConvError) -> [Tensor] {
        switch kind {
        case .layer(let layer): return try FunctionalNode.apply(all: layer, inputs, training: nil)
        case .op(let name, let attributes): return try SwiftConv.apply(name, inputs, attributes)
        case .part(let indices):
            guard inputs.count == 1 else { throw ModelReader.wrong("EngineOp getitem: expected one input, received \(inputs.count)") }
            return [try inputs[0].part(indices)]
        }
    }

    /// What the caller fixed. Keras writes the default of layers that draw random numbers down, which fixes nothing.
    private static func fixed(_ training: Bool?, _ layer: any Layer) -> Bool? {
        if training == false, layer is RandomLayer { return nil }
        guard let configurable = layer as? any ConfigurableLayer, !LayerRegistry.isOwn(type(of: configurable).className) else {
            return training
        }
        return training == false ? nil : training
    }

    private func apply(_ layer: any Layer, _ arguments: [Json], _ keywords: [(String, Json)]) throws(SwiftConvError) -> [Tensor] {
        var inputs: [Tensor] = []
        var training: Bool?
        var mask: Tensor?
        let takesSeveral = layer is any MultipleInputLayer || layer is Model
        for (i, argument) in arguments.enumerated() {
            if i > 0, case .bool(let flag) = argument {
                training = flag
            } else if i > 0, case .null = argument {
                continue
            } else if i > 0, layer is any MaskableLayer {
                mask = try tensors(argument, like: nil, nil).first
            } else if i > 0, !takesSeveral {
                throw ModelReader.wrong("\(layer.name): expected one input, received \(arguments.count)")
            } else {
                inputs += try tensors(argument, like: nil, layer as? Model)
            }
        }
        for (key, value) in keywords {
            switch (key, value) {
            case ("training", .bool(let flag)): training = flag
            case ("mask", _) where layer is any MaskableLayer: mask = try tensors(value, like: nil, nil).first
            case ("inputs", _) where inputs.isEmpty, ("x", _) where inputs.isEmpty:
                inputs = try tensors(value, like: nil, layer as? Model)
            default:
                throw ModelReader.wrong(
                    "\(layer.name): expected training or, of a MaskableLayer, mask as keyword argument, received \(key)")
            }
        }
        return try FunctionalNode.apply(
            all: layer, inputs + [mask].compactMap { $0 }, training: Self.fixed(training, layer))
    }
}
