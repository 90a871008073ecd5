import Foundation
import Testing

@testable import SwiftConv

@Suite struct SavingTests {
    private func withPath(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("swiftconv-\(UUID().uuidString).safetensors").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func network() -> Sequential {
        Sequential {
            Conv2D(4, kernelSize: 3, padding: .same, activation: .relu, name: "conv")
            BatchNormalization(name: "norm")
            Flatten(name: "flat")
            Dropout(0.5, name: "drop")
            Dense(3, name: "dense")
        }
    }

    @Test func weightsGoToAnotherModelOfTheSameLayers() throws {
        try withPath { path in
            let (a, b) = (network(), network())
            let x = try Random.uniform([2, 6, 6, 1])
            #expect(throws: SwiftConvError.self) { try a.saveWeights(to: path) }
            let expected = try a(x)
            try a.saveWeights(to: path)
            #expect(throws: SwiftConvError.self) { try b.loadWeights(from: path) }
            try b.build(inputShape: [1, 6, 6, 1])
            #expect(try b(x).scalars() != expected.scalars())
            try b.loadWeights(from: path)
            #expect(try b(x).scalars() == expected.scalars())
            #expect(throws: SwiftConvError.self) { try Model.load(from: path) }
        }
    }

    @Test func filesThatDoNotFitLeaveTheModelAlone() throws {
        try withPath { path in
            let a = network()
            _ = try a(Tensor.zeros([1, 6, 6, 1]))
            try a.saveWeights(to: path)
            let b = Sequential { Dense(3, name: "dense") }
            try b.build(inputShape: [1, 2])
            let before = try b.parameters[0].value.scalars()
            #expect(throws: SwiftConvError.self) { try b.loadWeights(from: path) }
            #expect(throws: SwiftConvError.self) { try b.loadWeights(from: path + ".missing") }
            try Data([1, 2, 3]).write(to: URL(filePath: path))
            #expect(throws: SwiftConvError.self) { try b.loadWeights(from: path) }
            #expect(throws: SwiftConvError.self) { try Model.load(from: path) }
            #expect(try b.parameters[0].value.scalars() == before)
        }
    }

    @Test func otherNamesFindTheirWeightsByOrder() throws {
        try withPath { path in
            let a = network()
            let b = Sequential {
                Conv2D(4, kernelSize: 3, padding: .same, activation: .relu, name: "first")
                BatchNormalization(name: "second")
                Flatten(name: "third")
                Dense(3, name: "fourth")
            }
            let x = try Random.uniform([2, 6, 6, 1])
            let expected = try a(x)
            _ = try b(x)
            try a.saveWeights(to: path)
            try b.loadWeights(from: path)
            #expect(try b(x).scalars() == expected.scalars())
        }
    }

    @Test func twoWeightsOfOneNameAreAnError() throws {
        try withPath { path in
            let a = Sequential(layers: [Dense(2, name: "d"), Dense(2, name: "d")])
            try a.build(inputShape: [1, 2])
            #expect(throws: SwiftConvError.self) { try a.saveWeights(to: path) }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test(arguments: ["model.h5", "model.keras", "model.weights.h5", "model.hdf5"])
    func otherFormatsAreRefused(name: String) throws {
        let model = Sequential { Dense(1) }
        try model.build(inputShape: [1, 2])
        let path = NSTemporaryDirectory() + name
        expectError("save", "path", ".safetensors", name) { try model.save(to: path) }
        expectError("saveWeights", "path", ".safetensors", name) { try model.saveWeights(to: path) }
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
