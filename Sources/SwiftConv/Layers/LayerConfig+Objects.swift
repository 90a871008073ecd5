import Graph

/// The arguments of layers that are no plain values.
extension LayerConfig {
    /// Height and width: two numbers, or one for both.
    func size2(_ key: String, default missing: Size2? = nil) throws(SwiftConvError) -> Size2 {
        if let missing, !has(key) { return missing }
        let numbers = try ints(key)
        switch numbers.count {
        case 1 where self[key]?.asInt != nil: return Size2(numbers[0], numbers[0])
        case 2: return Size2(numbers[0], numbers[1])
        default: throw wrong(key, "a whole number or 2 of them")
        }
    }

    mutating func set(_ key: String, _ value: Size2) { set(key, value.list) }

    func padding(_ key: String = "padding", default missing: Padding = .valid) throws(SwiftConvError) -> Padding {
        if !has(key) { return missing }
        if case .array = self[key] {
            let sides = try ints(key)
            guard sides.count == 4 else { throw wrong(key, "valid, same or 4 numbers") }
            return .explicit(top: sides[0], bottom: sides[1], left: sides[2], right: sides[3])
        }
        switch try string(key).lowercased() {
        case "valid": return .valid
        case "same": return .same
        default: throw wrong(key, "valid or same")
        }
    }

    mutating func set(_ key: String, _ padding: Padding) {
        switch padding {
        case .valid: set(key, "valid")
        case .same: set(key, "same")
        case .explicit(let top, let bottom, let left, let right): set(key, [top, bottom, left, right])
        }
    }

    func dataFormat(_ key: String = "data_format") throws(SwiftConvError) -> DataFormat {
        guard let found = DataFormat(rawValue: try string(key, default: "channels_last").lowercased()) else {
            throw wrong(key, "channels_last or channels_first")
        }
        return found
    }

    /// A type by its name, or as a policy.
    func dtype(_ key: String) throws(SwiftConvError) -> DType {
        guard let json = self[key] else { return .float32 }
        guard let name = json.asString ?? json["config"]?["name"]?.asString, let found = DType(rawValue: name) else {
            throw wrong(key, "the name of a type")
        }
        return found
    }

    func initializer(_ key: String, default missing: Initializer) throws(SwiftConvError) -> Initializer {
        guard let json = self[key] else { return missing }
        return try Initializer(json, "\(owner): config: \(key)")
    }

    func regularizer(_ key: String) throws(SwiftConvError) -> Regularizer? {
        guard let json = self[key] else { return nil }
        return try Regularizer(json, "\(owner): config: \(key)")
    }

    func constraint(_ key: String) throws(SwiftConvError) -> Constraint? {
        guard let json = self[key] else { return nil }
        return try Constraint(json, "\(owner): config: \(key)")
    }

    func activation(_ key: String = "activation") throws(SwiftConvError) -> Activation {
        guard let json = self[key] else { return .linear }
        return try Activation(json, "\(owner): config: \(key)")
    }

    /// A number, or nil where it is absent.
    func optionalDouble(_ key: String) throws(SwiftConvError) -> Double? { has(key) ? try double(key) : nil }
    /// A whole number, or nil where it is absent.
    func optionalInt(_ key: String) throws(SwiftConvError) -> Int? { has(key) ? try int(key) : nil }
}
