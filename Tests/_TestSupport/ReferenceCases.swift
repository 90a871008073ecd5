import Foundation
import TensorCore

/// A stored reference case (`pytests/reference`): the same files that the Python tests read.
package struct ReferenceCase: Sendable, CustomStringConvertible {
    package var family: String
    package var name: String
    package var op: String
    package var attributes: Attributes
    package var inputs: [TestTensor]
    package var outputs: [TestTensor]
    package var outputGradients: [TestTensor?]?
    package var inputGradients: [TestTensor?]?
    /// Of optimizers: the arrays of each step by their names.
    package var steps: [[String: [TestTensor]]]
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
        func arrays(_ key: String, of fields: [String: Any]) throws -> [TestTensor?]? {
            guard let entries = fields[key] as? [Any] else { return nil }
            return try entries.map { $0 is NSNull ? nil : try TestTensor($0, blob, "\(name): \(key)") }
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
            var named: [String: [TestTensor]] = [:]
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

extension TestTensor {
    fileprivate init(_ entry: Any, _ blob: Data, _ what: String) throws {
        guard let fields = entry as? [String: Any], let type = fields["dtype"] as? String, let dtype = DataType(name: type),
            let shape = fields["shape"] as? [Int], let offset = fields["offset"] as? Int
        else { throw ReferenceError.malformed(what) }
        let spec = TensorSpec(dtype, shape)
        self.init(spec, bytes: Array(blob[offset..<offset + spec.byteCount]))
    }
}
