import Foundation
import Testing

@testable import SwiftConv

/// The folder that the environment names.
private let modelFolder = ProcessInfo.processInfo.environment["SWIFTCONV_MODEL_FILES"]

/// Model files of pytests/test_model_files.py: those that Python wrote are read, run and written again; one that is made here is written.
@Suite(.enabled(if: modelFolder != nil)) struct ModelFileTests {
    /// The same numbers as in Python.
    private func input(_ shape: [Int]) throws -> Tensor {
        try Tensor((0..<shape.reduce(1, *)).map { Float(($0 * 37) % 101 - 50) / 50 }, shape: shape)
    }

    private func write(_ results: [Tensor], _ path: String) throws {
        var bytes = Data()
        for result in results { bytes.append(try result.withBytes { Data($0) }) }
        try bytes.write(to: URL(filePath: path))
    }

    private func predictions(_ model: Model, batch: Int) throws -> [Tensor] {
        try model(try model.inputShapes.map { try input([batch] + $0.map { $0 < 0 ? 8 : $0 }) })
    }

    @Test func resultsOfThisDoor() throws {
        let folder = try #require(modelFolder)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0.hasPrefix("python-") && $0.hasSuffix(".safetensors")
        }
        #expect(names.count >= 10)
        for name in names {
            let model = try Model.load(from: "\(folder)/\(name)")
            let base = name.dropFirst("python-".count).dropLast(".safetensors".count)
            try write(predictions(model, batch: 3), "\(folder)/read-\(base).bytes")
            try model.save(to: "\(folder)/again-\(base).safetensors")
        }
        let image = try Input([6, 6, 2])
        let shared = Conv2D(3, kernelSize: 3, padding: .same, activation: .relu)
        let sum = try Add()([shared(image), Conv2D(3, kernelSize: 1)(image)])
        let squeezed = try nn.sigmoid(sum * 0.5 + shared(image))
        let head = Sequential {
            Flatten()
            Dense(4, kernelInitializer: .heNormal(seed: 3))
        }
        let model = try Model(inputs: [image], outputs: [head(BatchNormalization()(squeezed)), sum.mean(1, 2)])
        try model.save(to: "\(folder)/swift-graph.safetensors")
        try write(predictions(model, batch: 3), "\(folder)/swift-graph.bytes")
    }
}
