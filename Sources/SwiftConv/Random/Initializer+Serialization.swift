import Graph

extension Initializer {
    /// Keras's names of what the variance scaling comes to with these arguments.
    private static let presets: [(name: String, rule: Rule)] = [
        ("GlorotUniform", glorotUniform.rule), ("GlorotNormal", glorotNormal.rule), ("HeUniform", heUniform.rule),
        ("HeNormal", heNormal.rule), ("LecunUniform", lecunUniform.rule), ("LecunNormal", lecunNormal.rule),
    ]
    private static let modes: [(String, FanMode)] = [("fan_in", .fanIn), ("fan_out", .fanOut), ("fan_avg", .fanAverage)]
    private static let distributions: [(String, Distribution)] = [
        ("truncated_normal", .truncatedNormal), ("untruncated_normal", .untruncatedNormal), ("uniform", .uniform),
        ("normal", .truncatedNormal),
    ]

    /// As files hold it.
    package var json: Json {
        func object(_ name: String, _ config: [(String, Json)]) -> Json { Serialized.object("keras.initializers", name, config) }
        let seed = ("seed", seed.map { Json.int($0) } ?? .null)
        if let preset = Self.presets.first(where: { $0.rule == rule }) { return object(preset.name, [seed]) }
        switch rule {
        case .constant(0): return object("Zeros", [])
        case .constant(1): return object("Ones", [])
        case .constant(let number): return object("Constant", [("value", .double(number))])
        case .identity(let gain): return object("Identity", [("gain", .double(gain))])
        case .uniform(let range):
            return object("RandomUniform", [("minval", .double(range.lowerBound)), ("maxval", .double(range.upperBound)), seed])
        case .normal(let mean, let deviation, let truncated):
            return object(
                truncated ? "TruncatedNormal" : "RandomNormal", [("mean", .double(mean)), ("stddev", .double(deviation)), seed])
        case .scaling(let scale, let mode, let distribution):
            let words = (Self.modes.first { $0.1 == mode }?.0 ?? "", Self.distributions.first { $0.1 == distribution }?.0 ?? "")
            return object(
                "VarianceScaling",
                [("scale", .double(scale)), ("mode", .string(words.0)), ("distribution", .string(words.1)), seed])
        case .orthogonal(let gain): return object("Orthogonal", [("gain", .double(gain)), seed])
        }
    }

    package init(_ json: Json, _ what: String) throws(SwiftConvError) {
        if case .int(let number) = json {
            self = .constant(Double(number))
            return
        }
        if case .double(let number) = json {
            self = .constant(number)
            return
        }
        let found = try Serialized(json, what)
        let config = found.config
        let seed = config.has("seed") ? try config.int("seed") : nil
        if let preset = Self.presets.first(where: { $0.name.lowercased() == found.name }) {
            self = Initializer(preset.rule, seed: seed)
            return
        }
        switch found.name {
        case "zeros", "zero": self = .zeros
        case "ones", "one": self = .ones
        case "constant": self = .constant(try config.double("value", default: 0))
        case "identity", "identityinitializer": self = .identity(gain: try config.double("gain", default: 1))
        case "randomnormal", "normal", "truncatednormal":
            let rule = Rule.normal(
                mean: try config.double("mean", default: 0), deviation: try config.double("stddev", default: 0.05),
                truncated: found.name == "truncatednormal")
            self = Initializer(rule, seed: seed)
        case "randomuniform", "uniform":
            let (low, high) = (try config.double("minval", default: -0.05), try config.double("maxval", default: 0.05))
            guard low <= high else { throw config.wrong("maxval", "at least minval \(low)") }
            self = .randomUniform(low...high, seed: seed)
        case "variancescaling":
            let (mode, distribution) = (
                try config.string("mode", default: "fan_in"), try config.string("distribution", default: "truncated_normal")
            )
            guard let mode = Self.modes.first(where: { $0.0 == mode })?.1 else {
                throw config.wrong("mode", "fan_in, fan_out or fan_avg")
            }
            guard let distribution = Self.distributions.first(where: { $0.0 == distribution })?.1 else {
                throw config.wrong("distribution", "truncated_normal, untruncated_normal or uniform")
            }
            self = .varianceScaling(
                scale: try config.double("scale", default: 1), mode: mode, distribution: distribution, seed: seed)
        case "orthogonal", "orthogonalinitializer": self = .orthogonal(gain: try config.double("gain", default: 1), seed: seed)
        default: throw found.unknown(what)
        }
    }
}
