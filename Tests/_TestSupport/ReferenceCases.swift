import Foundation
import TensorCore

/// The stored reference values (`pytests/reference`): the same files that the Python tests read.
package struct ReferenceArray: Sendable {
    package var spec: TensorSpec
    package var bytes: [UInt8]
}

package struct ReferenceCase: Sendable, CustomStringConvertible {
    package var family: String
    package var name: String
    package var op: String
    package var attributes: Attributes
    package var inputs: [ReferenceArray]
    package var outputs: [ReferenceArray]
    package var outputGradients: [ReferenceArray?]?
    package var inputGradients: [ReferenceArray?]?
    /// Of optimizers: the arrays of each step by their names.
    package var steps: [[String: [ReferenceArray]]]
    package var learningRate: Double?

    package var description: String { "\(family)/\(name)" }
}

package enum ReferenceError: Error { case malformed(String) }

extension ReferenceCase {
    package static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("pytests/reference")

    package static func load(_ family: String) throws -> [ReferenceCase] {
        let index = try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent("\(family).json")))
        let blob = try Data(contentsOf: folder.appendingPathComponent("\(family).bin"))
        guard let root = index as? [String: Any], let cases = root["cases"] as? [[String: Any]] else {
            throw ReferenceError.malformed(family)
        }
        return try cases.map { try ReferenceCase(family, $0, blob) }
    }

    private init(_ family: String, _ fields: [String: Any], _ blob: Data) throws {
        guard let name = fields["name"] as? String else { throw ReferenceError.malformed("\(family): \(fields["name"] ?? "?")") }
        // Trainings have layers and an optimizer instead.
        let op = fields["op"] as? String ?? ""
        let attributes = fields["attributes"] as? [String: Any] ?? [:]
        func arrays(_ key: String, of fields: [String: Any]) throws -> [ReferenceArray?]? {
            guard let entries = fields[key] as? [Any] else { return nil }
            return try entries.map { $0 is NSNull ? nil : try ReferenceArray($0, blob, "\(name): \(key)") }
        }
        self.family = family
        self.name = name
        self.op = op
        self.attributes = Attributes(try attributes.mapValues { try attribute($0, name) })
        inputs = try arrays("inputs", of: fields)?.compactMap { $0 } ?? []
        outputs = try arrays("outputs", of: fields)?.compactMap { $0 } ?? []
        outputGradients = try arrays("output_gradients", of: fields)
        inputGradients = try arrays("input_gradients", of: fields)
        learningRate = fields["learning_rate"] as? Double
        steps = try (fields["steps"] as? [[String: Any]] ?? []).map { step in
            var named: [String: [ReferenceArray]] = [:]
            for key in step.keys { named[key] = try arrays(key, of: step)?.compactMap { $0 } }
            return named
        }
    }
}

private func attribute(_ value: Any, _ name: String) throws -> AttributeValue {
    if let text = value as? String { return .string(text) }
    if let list = value as? [NSNumber] { return .ints(list.map(\.intValue)) }
    guard let number = value as? NSNumber else { throw ReferenceError.malformed("\(name): attribute \(value)") }
    return number.doubleValue == number.doubleValue.rounded() && !isFloat(number) ? .int(number.intValue) : .double(number.doubleValue)
}

private func isFloat(_ number: NSNumber) -> Bool { ["d", "f"].contains(String(cString: number.objCType)) }

extension ReferenceArray {
    fileprivate init(_ entry: Any, _ blob: Data, _ what: String) throws {
        guard let fields = entry as? [String: Any], let type = fields["dtype"] as? String, let dtype = DataType(name: type),
            let shape = fields["shape"] as? [Int], let offset = fields["offset"] as? Int
        else { throw ReferenceError.malformed(what) }
        spec = TensorSpec(dtype, shape)
        bytes = Array(blob[offset..<offset + spec.byteCount])
    }

    /// The elements as numbers; exact for every type but int64 beyond 2^53.
    package var numbers: [Double] { bytes.withUnsafeBytes { decode($0, spec) } }
}

/// The elements at `bytes` as numbers.
package func decode(_ bytes: UnsafeRawBufferPointer, _ spec: TensorSpec) -> [Double] {
    (0..<spec.count).map { i in
        switch spec.dtype {
        case .float32: Double(bytes.loadUnaligned(fromByteOffset: 4 * i, as: Float.self))
        case .float64: bytes.loadUnaligned(fromByteOffset: 8 * i, as: Double.self)
        case .int32: Double(bytes.loadUnaligned(fromByteOffset: 4 * i, as: Int32.self))
        case .int64: Double(bytes.loadUnaligned(fromByteOffset: 8 * i, as: Int64.self))
        case .uint8, .bool: Double(bytes[i])
        }
    }
}

/// Why `received` is not `expected`, or nil if it is, within the tolerance of `pytests/reference/__init__.py`.
package func difference(_ received: [Double], _ expected: ReferenceArray, factor: Double = 1) -> String? {
    let values = expected.numbers
    guard received.count == values.count else { return "expected \(values.count) elements, received \(received.count)" }
    let tolerance = expected.spec.dtype.isFloating ? factor * (expected.spec.dtype == .float64 ? 1e-10 : 1e-5) : 0
    var scale = values.lazy.filter(\.isFinite).map(abs).max() ?? 1
    if scale > 1e6 { scale = 1 }
    for (i, (r, e)) in zip(received, values).enumerated() {
        let same = r == e || (r.isNaN && e.isNaN) || abs(r - e) <= tolerance * (max(1, scale) + abs(e))
        if !same { return "element \(i): expected \(e), received \(r)" }
    }
    return nil
}
