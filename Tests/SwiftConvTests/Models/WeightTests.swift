import Foundation
import SwiftConv
import Testing

@Suite struct WeightTests {
    @Test func weightsGoFromModelToModel() throws {
        func made() -> Sequential {
            Sequential {
                Dense(3, name: "a"); BatchNormalization(name: "b"); Dense(1, name: "c")
            }
        }
        let (one, other) = (made(), made())
        let x = try Random.normal([4, 2], seed: 1)
        try one.build(inputShape: x.shape)
        try other.build(inputShape: x.shape)
        #expect(try one(x) != other(x))
        try other.setWeights(one.weights)
        #expect(try one(x) == other(x) && other.weights.count == 8)
        try other.layer(named: "c").setWeights([Tensor.zeros([3, 1]), Tensor([7])])
        #expect(try other(x) == Tensor.full([4, 1], 7))
    }

    @Test func mistakesChangeNothing() throws {
        let layer = Dense(2, name: "d")
        expectError("d: setWeights", "expected 0", "build") { try layer.setWeights([Tensor(1)]) }
        try layer.build(inputShape: [1, 3])
        let before = try layer.weights
        expectError("expected 2", "received 1") { try layer.setWeights([Tensor.zeros([3, 2])]) }
        expectError("d/bias", "(2,)", "(3,)") { try layer.setWeights([Tensor.zeros([3, 2]), Tensor.zeros([3])]) }
        expectError("d/kernel", "float32", "float64") { try layer.setWeights([Tensor.zeros([3, 2], dtype: .float64), Tensor.zeros([2])]) }
        #expect(try layer.weights == before)
        let model = Sequential { Dense(1, name: "only") }
        expectError("only", "other") { try model.layer(named: "other") }
    }

    @Test func tensorsGoToFilesAndBack() throws {
        let path = NSTemporaryDirectory() + "tensors-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let tensors: [String: Tensor] = [
            "f": try Tensor([1.5, -2]), "d": try Tensor([Double.pi], shape: [1, 1]), "i": try Tensor(0..<3), "l": try Tensor([Int64.max]),
            "u": try Tensor([7] as [UInt8]), "b": try Tensor([true, false]), "scalar": try Tensor(3), "empty": try Tensor.zeros([0, 2]),
        ]
        try Tensor.save(tensors, to: path)
        #expect(try Tensor.load(from: path) == tensors)
        try Tensor.save([:], to: path)
        #expect(try Tensor.load(from: path).isEmpty)
        expectError("none.safetensors") { try Tensor.load(from: NSTemporaryDirectory() + "none.safetensors") }
        expectError("written") { try Tensor.save(tensors, to: "/no/such/folder/x.safetensors") }
        _ = try gradient(at: Tensor([1])) { x in
            expectError("symbolic") { try Tensor.save(["x": x], to: path) }
            return x
        }
    }
}
