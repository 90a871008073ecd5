/// What an op is told besides its tensors: strides, padding, epsilon … Keys and values are those of `docs/ops/README.md`.
package enum AttributeValue: Sendable, Hashable {
    case int(Int)
    case ints([Int])
    case double(Double)
    case string(String)
}

package struct Attributes: Sendable, Hashable {
    package var values: [String: AttributeValue]

    package init(_ values: [String: AttributeValue] = [:]) { self.values = values }

    package subscript(key: String) -> AttributeValue? {
        get { values[key] }
        set { values[key] = newValue }
    }

    package func int(_ key: String, default fallback: Int? = nil) throws(ConvError) -> Int {
        switch values[key] {
        case .int(let v): return v
        case .ints(let v) where v.count == 1: return v[0]
        case nil: if let fallback { return fallback }
        default: break
        }
        throw mismatch(key, "an integer")
    }

    package func bool(_ key: String, default fallback: Bool? = nil) throws(ConvError) -> Bool {
        try int(key, default: fallback.map { $0 ? 1 : 0 }) != 0
    }

    package func ints(_ key: String, default fallback: [Int]? = nil) throws(ConvError) -> [Int] {
        switch values[key] {
        case .ints(let v): return v
        case .int(let v): return [v]
        case nil: if let fallback { return fallback }
        default: break
        }
        throw mismatch(key, "a list of integers")
    }

    package func double(_ key: String, default fallback: Double? = nil) throws(ConvError) -> Double {
        switch values[key] {
        case .double(let v): return v
        case .int(let v): return Double(v)
        case nil: if let fallback { return fallback }
        default: break
        }
        throw mismatch(key, "a number")
    }

    package func string(_ key: String, default fallback: String? = nil) throws(ConvError) -> String {
        switch values[key] {
        case .string(let v): return v
        case nil: if let fallback { return fallback }
        default: break
        }
        throw mismatch(key, "a string")
    }

    private func mismatch(_ key: String, _ expected: String) -> ConvError {
        let received = values[key].map { "\($0)" } ?? "nothing"
        return .wrongType("\(key): expected \(expected), received \(received)")
    }
}

extension Attributes: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, AttributeValue)...) {
        self.init(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
}
