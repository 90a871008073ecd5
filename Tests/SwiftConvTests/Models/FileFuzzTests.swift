import Foundation
import Graph
import Testing

@testable import SwiftConv

/// Damaged files: an error or a model, never a trap, and the file that was there before where writing fails.
@Suite struct FileFuzzTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("swiftconv-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    /// A little of everything, in the middle of a training.
    private func save(to path: String) throws -> Model {
        let x = try Input([6, 6, 2], name: "images")
        let y = try BatchNormalization()(Conv2D(2, kernelSize: 3, activation: .leakyRelu(), kernelRegularizer: .l2(0.1))(x))
        let inner = Sequential {
            Flatten()
            Dropout(0.2)
            Dense(3)
        }
        let parts = try Concatenate()([Flatten()(y[.all, 0]), Flatten()(y * 2.0 + Tensor([1, .infinity], shape: [2]).minimum(3))])
        let model = try Model(inputs: [x], outputs: [inner(y), nn.softmax(Dense(2)(parts))])
        try model.compile(
            optimizer: .adam(learningRate: .cosineDecay(initial: 0.1, steps: 10), clipping: .norm(1), averaging: .exponential),
            losses: [.huber(delta: 2), .categoricalCrossentropy()], lossWeights: [1, 2],
            metrics: [[.meanAbsoluteError], [.accuracy, .auc()]])
        _ = try model.trainOnBatch(
            Examples([Random.uniform([2, 6, 6, 2], seed: 1)], [Random.uniform([2, 3], seed: 2), .ones([2, 2]) / 2]))
        try model.save(to: path)
        return model
    }

    /// Loads, and uses what was loaded. What comes of it: a model or an error.
    @discardableResult private func attempt(_ path: String) -> Bool {
        guard let model = try? Model.load(from: path) else { return false }
        guard model.inputShapes == [[6, 6, 2]] else { return true }
        let x = try? Tensor.zeros([2, 6, 6, 2])
        if let x, let results = try? model([x]), results.count == 2, model.isCompiled {
            _ = try? model.trainOnBatch(Examples([x], results))
        }
        return true
    }

    @Test func truncatedFilesAreRefused() throws {
        try withFolder { folder in
            let path = folder + "/m.safetensors"
            let model = try save(to: path)
            #expect(attempt(path))
            let content = try Data(contentsOf: URL(filePath: path))
            let before = try model.parameters[0].value.scalars()
            for length in Array(stride(from: 0, to: content.count, by: 97)) + [1, 7, 8, 9, content.count - 1] {
                try content.prefix(length).write(to: URL(filePath: path))
                #expect(throws: SwiftConvError.self, "\(length) bytes") { try Model.load(from: path) }
                #expect(throws: SwiftConvError.self, "\(length) bytes") { try model.loadWeights(from: path) }
            }
            #expect(try model.parameters[0].value.scalars() == before)
        }
    }

    @Test func flippedBitsNeverTrap() throws {
        try withFolder { folder in
            let path = folder + "/m.safetensors"
            _ = try save(to: path)
            let content = try Data(contentsOf: URL(filePath: path))
            let header = 8 + content.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
            var random = SplitMix64(seed: 7)
            var refused = 0
            for round in 0..<600 {
                var changed = content
                for _ in 0...round % 3 {
                    let place = Int(random.next() % UInt64(round % 10 == 0 ? content.count : header))
                    changed[place] ^= 1 << UInt8(random.next() % 8)
                }
                try changed.write(to: URL(filePath: path))
                if !attempt(path) { refused += 1 }
            }
            #expect(refused > 100)
        }
    }

    /// All places of a value, each with another value in it.
    private func variants(of json: Json, _ values: [Json]) -> [Json] {
        var all = values
        switch json {
        case .array(let items):
            for (i, item) in items.enumerated() {
                for variant in variants(of: item, values) {
                    var changed = items
                    changed[i] = variant
                    all.append(.array(changed))
                }
            }
        case .object(let members):
            for (i, (key, value)) in members.enumerated() {
                for variant in variants(of: value, values) {
                    var changed = members
                    changed[i] = (key, variant)
                    all.append(.object(changed))
                }
                all.append(.object(members.filter { $0.0 != key }))
            }
        default: break
        }
        return all
    }

    @Test func valuesOfOtherTypesNeverTrap() throws {
        try withFolder { folder in
            let path = folder + "/m.safetensors"
            _ = try save(to: path)
            let file = try Safetensors(path)
            let config = try #require(Json.parsed(file.metadata["keras_config"] ?? ""))
            let values: [[Json]] = [
                [.null], [.int(-1), .int(.max)], [.int(.min), .double(0.5)], [.string("x"), .bool(true)], [.array([])], [.object([])],
                [.array([.int(-3), .int(1 << 62)])],
            ]
            var refused = 0
            var read = 0
            for (kind, some) in values.enumerated() {
                // A part of all places, another one for each kind of value.
                for (i, variant) in variants(of: config, some).enumerated() where i % 37 == kind {
                    var metadata = file.metadata
                    metadata["keras_config"] = variant.text
                    try Safetensors.write(file.entries, metadata: metadata.map { ($0, $1) }, to: path)
                    if attempt(path) { read += 1 } else { refused += 1 }
                }
            }
            #expect(refused > 50 && read > 10)
        }
    }

    @Test func writingIsAllOrNothing() throws {
        try withFolder { folder in
            let path = folder + "/m.safetensors"
            let model = try save(to: path)
            let before = try Data(contentsOf: URL(filePath: path))
            let same = Sequential(layers: [Dense(2, name: "d"), Dense(2, name: "d")])
            try same.build(inputShape: [1, 2])
            #expect(throws: SwiftConvError.self) { try same.save(to: path) }
            #expect(throws: SwiftConvError.self) { try model.save(to: folder + "/none/m.safetensors") }
            #expect(throws: SwiftConvError.self) { try model.save(to: folder) }
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["m.safetensors"])
        }
    }
}
