import Graph

/// An object in a file in Keras's form: `{"module", "class_name", "config", "registered_name"}`, or a name alone.
struct Serialized {
    /// The class in small letters without underscores: files spell it "L1L2" and "l1_l2".
    let name: String
    let config: LayerConfig

    init(_ json: Json, _ what: String) throws(SwiftConvError) {
        if let word = json.asString {
            name = Self.plain(word)
            config = LayerConfig(for: what)
            return
        }
        guard let word = json["class_name"]?.asString else {
            throw .invalidArgument("\(what): expected a name or an object with class_name, received \(json.text.prefix(80))")
        }
        if let inner = json["config"], inner.asString == nil {
            config = try LayerConfig(inner, for: "\(what): \(word)")
            name = Self.plain(word)
        } else {
            // A function: its name is the config.
            config = LayerConfig(for: what)
            name = json["config"]?.asString ?? Self.plain(word)
        }
    }

    private static func plain(_ name: String) -> String { name.lowercased().filter { $0 != "_" } }

    static func object(_ module: String, _ name: String, _ config: [(String, Json)]) -> Json {
        .object([("module", .string(module)), ("class_name", .string(name)), ("config", .object(config)), ("registered_name", .null)])
    }

    func unknown(_ what: String) -> SwiftConvError { .invalidArgument("\(what): expected a known name, received \"\(name)\"") }
}

extension Regularizer {
    /// As files hold it.
    package var json: Json {
        func object(_ name: String, _ config: [(String, Json)]) -> Json { Serialized.object("keras.regularizers", name, config) }
        return switch self {
        case .l1(let rate): object("L1", [("l1", .double(rate))])
        case .l2(let rate): object("L2", [("l2", .double(rate))])
        case .l1l2(let l1, let l2): object("L1L2", [("l1", .double(l1)), ("l2", .double(l2))])
        case .orthogonal(let factor, let mode):
            object("OrthogonalRegularizer", [("factor", .double(factor)), ("mode", .string(mode.rawValue))])
        }
    }

    package init(_ json: Json, _ what: String) throws(SwiftConvError) {
        let found = try Serialized(json, what)
        let config = found.config
        switch found.name {
        case "l1": self = .l1(try config.double("l1", default: 0.01))
        case "l2": self = .l2(try config.double("l2", default: 0.01))
        case "l1l2": self = .l1l2(l1: try config.double("l1", default: 0), l2: try config.double("l2", default: 0))
        case "orthogonalregularizer":
            guard let mode = OrthogonalMode(rawValue: try config.string("mode", default: "rows")) else {
                throw config.wrong("mode", "rows or columns")
            }
            self = .orthogonal(try config.double("factor", default: 0.01), mode: mode)
        default: throw found.unknown(what)
        }
        try check(what)
    }
}

extension Constraint {
    /// As files hold it.
    package var json: Json {
        func object(_ name: String, _ config: [(String, Json)]) -> Json { Serialized.object("keras.constraints", name, config) }
        func written(_ axes: [Int]) -> Json { axes.count == 1 ? .int(axes[0]) : .array(axes.map { .int($0) }) }
        return switch self {
        case .maxNorm(let limit, let axes): object("MaxNorm", [("max_value", .double(limit)), ("axis", written(axes))])
        case .nonNegative: object("NonNeg", [])
        case .unitNorm(let axes): object("UnitNorm", [("axis", written(axes))])
        case .minMaxNorm(let least, let most, let rate, let axes):
            object(
                "MinMaxNorm",
                [("min_value", .double(least)), ("max_value", .double(most)), ("rate", .double(rate)), ("axis", written(axes))])
        }
    }

    package init(_ json: Json, _ what: String) throws(SwiftConvError) {
        let found = try Serialized(json, what)
        let config = found.config
        func axes() throws(SwiftConvError) -> [Int] { try config.ints("axis", default: [0]) }
        switch found.name {
        case "maxnorm": self = .maxNorm(try config.double("max_value", default: 2), axes: try axes())
        case "nonneg": self = .nonNegative
        case "unitnorm": self = .unitNorm(axes: try axes())
        case "minmaxnorm":
            self = .minMaxNorm(
                min: try config.double("min_value", default: 0), max: try config.double("max_value", default: 1),
                rate: try config.double("rate", default: 1), axes: try axes())
        default: throw found.unknown(what)
        }
    }
}

extension Activation {
    private static let plain: [(name: String, activation: Activation)] = [
        ("linear", .linear), ("relu", .relu), ("relu6", .relu6), ("selu", .selu), ("silu", .silu), ("sigmoid", .sigmoid),
        ("tanh", .tanh), ("softmax", .softmax), ("log_softmax", .logSoftmax), ("softplus", .softplus), ("softsign", .softsign),
        ("mish", .mish), ("hard_sigmoid", .hardSigmoid), ("hard_silu", .hardSilu), ("exponential", .exponential),
        ("hard_tanh", .hardTanh), ("log_sigmoid", .logSigmoid), ("tanh_shrink", .tanhShrink), ("sparse_plus", .sparsePlus),
        ("glu", .glu), ("leaky_relu", .leakyRelu()), ("elu", .elu()), ("celu", .celu()), ("gelu", .gelu()),
        ("squareplus", .squareplus()), ("hard_shrink", .hardShrink()), ("soft_shrink", .softShrink()), ("threshold", .threshold()),
        ("swish", .silu), ("hard_swish", .hardSilu),
    ]

    /// All names that files may hold.
    static var names: [String] { plain.map(\.name) }

    /// As files hold it: the name; with arguments of its own what Keras has for that, else name and arguments, which this library
    /// alone reads.
    package var json: Json {
        if let name = Self.plain.first(where: { $0.activation == self })?.name { return .string(name) }
        return switch self {
        case .leakyRelu(let alpha): Serialized.object("keras.layers", "LeakyReLU", [("negative_slope", .double(alpha))])
        case .elu(let alpha): Serialized.object("keras.layers", "ELU", [("alpha", .double(alpha))])
        case .celu(let alpha): .string("celu(\(alpha))")
        case .gelu(let approximate): .string("gelu(\(approximate ? 1.0 : 0.0))")
        case .squareplus(let b): .string("squareplus(\(b))")
        case .hardShrink(let threshold): .string("hard_shrink(\(threshold))")
        case .softShrink(let threshold): .string("soft_shrink(\(threshold))")
        case .threshold(let threshold, let otherwise): .string("threshold(\(threshold),\(otherwise))")
        default: .string("linear")
        }
    }

    package init(_ json: Json, _ what: String) throws(SwiftConvError) {
        if let word = json.asString {
            self = try Self.named(word, what)
            return
        }
        let found = try Serialized(json, what)
        let config = found.config
        switch found.name {
        case "leakyrelu": self = .leakyRelu(alpha: try config.double("negative_slope", default: 0.3))
        case "elu" where config.has("alpha"): self = .elu(alpha: try config.double("alpha"))
        default: self = try Self.named(found.name, what)
        }
    }

    private static func named(_ word: String, _ what: String) throws(SwiftConvError) -> Activation {
        if let known = plain.first(where: { $0.name == word || $0.name == word.lowercased() }) { return known.activation }
        let parts = word.split(separator: "(", maxSplits: 1)
        let numbers = parts.dropFirst().first?.dropLast().split(separator: ",").map { Double($0) } ?? []
        if parts.count == 2, word.hasSuffix(")"), let first = numbers.first, let first {
            switch (parts[0], numbers.count) {
            case ("celu", 1): return .celu(alpha: first)
            case ("gelu", 1): return .gelu(approximate: first != 0)
            case ("squareplus", 1): return .squareplus(b: first)
            case ("hard_shrink", 1): return .hardShrink(threshold: first)
            case ("soft_shrink", 1): return .softShrink(threshold: first)
            case ("threshold", 2): if let second = numbers[1] { return .threshold(first, value: second) }
            default: break
            }
        }
        throw .invalidArgument("\(what): expected one of \(names.joined(separator: ", ")), received \"\(word)\"")
    }
}
