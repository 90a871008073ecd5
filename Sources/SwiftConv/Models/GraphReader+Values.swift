import Graph
import Ops
import TensorCore

/// The arguments of calls: tensors of layers, numbers and arrays.
extension GraphReader {
    /// What a layer is called on, flattened as Python flattens it: an object in the order of its keys, or of a model's inputs where
    /// it names those.
    func tensors(_ value: Json, like: DType?, _ model: Model?) throws(SwiftConvError) -> [Tensor] {
        switch value {
        case .null: return []
        case .int, .double, .bool, .string: return [try Self.constant(value, like)]
        case .object(let members):
            if value["class_name"]?.asString == "__keras_tensor__" { return [try tensor(value)] }
            if value["class_name"]?.asString == "__tuple__" { return try tensors(value["items"] ?? .array([]), like: like, model) }
            if value["class_name"] != nil { return [try Self.array(value)] }
            var ordered = Self.sorted(members)
            if let model, model.inputKeys == nil, let names = model.inputNames, members.allSatisfy({ names.contains($0.0) }) {
                ordered = names.compactMap { name in members.first { $0.0 == name } }
            }
            var found: [Tensor] = []
            for (_, item) in ordered { found += try tensors(item, like: like, nil) }
            return found
        case .array(let items):
            var beside = like
            for item in items where beside == nil && item["class_name"]?.asString == "__keras_tensor__" { beside = try tensor(item).dtype }
            var found: [Tensor] = []
            for item in items { found += try tensors(item, like: beside, model) }
            return found
        }
    }

    private func tensor(_ value: Json) throws(SwiftConvError) -> Tensor {
        guard let config = value["config"], let history = config["keras_history"] else {
            throw ModelReader.wrong("expected a tensor with keras_history, received \(value.text.prefix(80))")
        }
        return try lookUp(history)
    }

    /// Inputs whose type is not that of the data.
    private static let places: [String: Int] = ["gather": 1, "gather_backward": 0, "one_hot": 0, "sparse_softmax_cross_entropy": 1]

    /// What an op is applied to: each argument is one tensor. Numbers and lists take the type of the tensors beside them: that of the
    /// first one of floating-point numbers, else of the first one that is not of truth values.
    func operands(_ name: String, op: String?, _ arguments: [Json]) throws(SwiftConvError) -> [Tensor] {
        var found: [Tensor?] = []
        for argument in arguments {
            switch argument {
            case .object:
                let inner = try tensors(argument, like: nil, nil)
                guard inner.count == 1 else { throw ModelReader.wrong("\(name): expected one tensor for each argument") }
                found.append(inner[0])
            case .null: throw ModelReader.wrong("\(name): expected tensors or numbers, received null")
            default: found.append(nil)
            }
        }
        let isSelect = op == "select"
        let known = found.dropFirst(isSelect ? 1 : 0).compactMap { $0 }
        let beside = known.first { $0.spec.dtype.isFloating }?.dtype ?? known.first { $0.dtype != .bool }?.dtype
        var all: [Tensor] = []
        for (i, (argument, tensor)) in zip(arguments, found).enumerated() {
            if let tensor {
                all.append(tensor)
            } else if isSelect, i == 0 {
                all.append(try Self.constant(argument, .bool))
            } else {
                all.append(try Self.constant(argument, op.flatMap { Self.places[$0] } == i ? nil : beside))
            }
        }
        return all
    }

    /// An array with its type: `__tensor__` or `__numpy__`.
    private static func array(_ value: Json) throws(SwiftConvError) -> Tensor {
        guard let name = value["class_name"]?.asString, name == "__tensor__" || name == "__numpy__", let config = value["config"],
            let numbers = config["value"], let dtype = DType(rawValue: config["dtype"]?.asString ?? "")
        else { throw ModelReader.wrong("expected a tensor or numbers, received \(value.text.prefix(60))") }
        return try constant(numbers, dtype)
    }

    /// Numbers of a type; without one, that of Python's numbers.
    static func constant(_ numbers: Json, _ dtype: DType?) throws(SwiftConvError) -> Tensor {
        var shape: [Int] = []
        var at = numbers
        while case .array(let items) = at {
            shape.append(items.count)
            guard let first = items.first else { break }
            at = first
        }
        var (integers, doubles): ([Int64], [Double]) = ([], [])
        var kind: DType = .bool
        func collect(_ item: Json, _ depth: Int) -> Bool {
            switch item {
            case .array(let items):
                return depth < shape.count && items.count == shape[depth] && items.allSatisfy { collect($0, depth + 1) }
            case .int(let number):
                integers.append(Int64(number))
                doubles.append(Double(number))
                if kind == .bool { kind = .int64 }
            case .double(let number):
                integers.append(0)
                doubles.append(number)
                kind = .float32
            case .bool(let flag):
                integers.append(flag ? 1 : 0)
                doubles.append(flag ? 1 : 0)
            case .string(let text):
                guard let number = Json.special(text) else { return false }
                integers.append(0)
                doubles.append(number)
                kind = .float32
            default: return false
            }
            return depth == shape.count
        }
        guard collect(numbers, 0) else {
            throw ModelReader.wrong("expected a number or a regular list of numbers, received \(numbers.text.prefix(60))")
        }
        if kind == .float32 || dtype == .float64 || dtype == .float32 {
            return try Tensor(doubles, shape: shape).cast(to: dtype ?? .float32)
        }
        return try Tensor(integers, shape: shape).cast(to: dtype ?? kind)
    }
}

extension Json {
    /// Numbers that JSON has none for, as this library and NumPy spell them.
    static func special(_ text: String) -> Double? {
        switch text {
        case "inf": .infinity
        case "-inf": -.infinity
        case "nan": .nan
        default: nil
        }
    }
}

extension Model {
    /// The names of the inputs; nil for other models than functional ones.
    var inputNames: [String]? {
        program?.inputs.compactMap {
            if case .node(let node, _) = $0.content, case .input(let name, _) = node.kind { name } else { nil }
        }
    }
}
