import Graph

/// The arguments of a layer as model files hold them: JSON with Keras's names (`kernel_size`, `use_bias` …).
public struct LayerConfig: Sendable {
    private(set) var members: [(key: String, value: Json)] = []
    /// Named in errors.
    let owner: String

    /// No arguments yet; `owner` is the class that errors name.
    public init(for owner: String = "layer") { self.owner = owner }

    package init(_ json: Json, for owner: String) throws(SwiftConvError) {
        guard case .object(let members) = json else {
            throw .invalidArgument("\(owner): config: expected an object of JSON, received \(json.text.prefix(80))")
        }
        self.owner = owner
        self.members = members.map { ($0.0, $0.1) }
    }

    package var json: Json { .object(members.map { ($0.key, $0.value) }) }

    /// The JSON of `key`; nil where it is absent or null.
    subscript(key: String) -> Json? {
        get {
            guard let value = members.last(where: { $0.key == key })?.value else { return nil }
            if case .null = value { return nil }
            return value
        }
        set {
            if let place = members.firstIndex(where: { $0.key == key }) {
                members[place].value = newValue ?? .null
            } else {
                members.append((key, newValue ?? .null))
            }
        }
    }

    // MARK: writing

    /// Puts a whole number; nil is null.
    public mutating func set(_ key: String, _ value: Int?) { self[key] = value.map { .int($0) } }
    /// Puts a number; nil is null.
    @_disfavoredOverload
    public mutating func set(_ key: String, _ value: Double?) { self[key] = value.map { .double($0) } }
    /// Puts a truth value; nil is null.
    public mutating func set(_ key: String, _ value: Bool?) { self[key] = value.map { .bool($0) } }
    /// Puts a text; nil is null.
    public mutating func set(_ key: String, _ value: String?) { self[key] = value.map { .string($0) } }
    /// Puts whole numbers; nil is null.
    public mutating func set(_ key: String, _ value: [Int]?) { self[key] = value.map { .array($0.map { .int($0) }) } }

    // MARK: reading

    /// Whether `key` is there and not null.
    public func has(_ key: String) -> Bool { self[key] != nil }

    /// The whole number of `key`, or `missing` where it is absent.
    public func int(_ key: String, default missing: Int? = nil) throws(SwiftConvError) -> Int {
        switch self[key] {
        case .int(let value): return value
        case .double(let value):
            guard let whole = Int(exactly: value) else { throw wrong(key, "a whole number") }
            return whole
        case nil:
            guard let missing else { throw wrong(key, "a whole number") }
            return missing
        default: throw wrong(key, "a whole number")
        }
    }

    /// The number of `key`, or `missing` where it is absent.
    public func double(_ key: String, default missing: Double? = nil) throws(SwiftConvError) -> Double {
        switch self[key] {
        case .int(let value): return Double(value)
        case .double(let value): return value
        case nil:
            guard let missing else { throw wrong(key, "a number") }
            return missing
        default: throw wrong(key, "a number")
        }
    }

    /// The truth value of `key`, or `missing` where it is absent.
    public func bool(_ key: String, default missing: Bool? = nil) throws(SwiftConvError) -> Bool {
        switch self[key] {
        case .bool(let value): return value
        case nil:
            guard let missing else { throw wrong(key, "true or false") }
            return missing
        default: throw wrong(key, "true or false")
        }
    }

    /// The text of `key`, or `missing` where it is absent.
    public func string(_ key: String, default missing: String? = nil) throws(SwiftConvError) -> String {
        switch self[key] {
        case .string(let value): return value
        case nil:
            guard let missing else { throw wrong(key, "a text") }
            return missing
        default: throw wrong(key, "a text")
        }
    }

    /// The whole numbers of `key` (one number stands for itself), or `missing` where it is absent.
    public func ints(_ key: String, default missing: [Int]? = nil) throws(SwiftConvError) -> [Int] {
        switch self[key] {
        case .int(let value): return [value]
        case .array(let items):
            var found: [Int] = []
            for item in items {
                switch item {
                case .int(let value): found.append(value)
                case .null: found.append(-1)
                default: throw wrong(key, "whole numbers")
                }
            }
            return found
        case nil:
            guard let missing else { throw wrong(key, "whole numbers") }
            return missing
        default: throw wrong(key, "whole numbers")
        }
    }

    func wrong(_ key: String, _ expected: String) -> SwiftConvError {
        .invalidArgument("\(owner): config: \(key): expected \(expected), received \(self[key]?.text.prefix(80) ?? "nothing")")
    }
}
