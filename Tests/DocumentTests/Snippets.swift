// Written by tools/swift_snippets.py from the documents: do not edit.
// swift-format-ignore-file
import Foundation
import SwiftConv
import Testing

/// The Swift programs of README.md and of the documentation, page by page. What pages take for granted is declared first.
/// They set the seed of the process, so they run in one of their own: `make test-swift`.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["SWIFTCONV_TESTED_ALONE"] != nil))
struct DocumentTests {
    /// What a page prints, and says that it does in a comment.
    private func printed<T>(_ value: T, _ text: String, _ location: SourceLocation = #_sourceLocation) {
        #expect("\(value)" == text, sourceLocation: location)
    }

    // README.md
    @Test func readme() async throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        _ = (images, labels)
        do {
            let model = Sequential {
                Conv2D(32, kernelSize: 3, activation: .relu)
                MaxPooling2D(2)
                Flatten()
                Dense(10, activation: .softmax)
            }
            try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy])
            try model.fit(images, labels, batchSize: 64, epochs: 3)
            let scores = try model.predict(images)
        }
    }

    // Sources/SwiftConv/SwiftConv.docc/AddingAnOp.md
    @Test func addingAnOp() async throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        _ = (images, labels)
        do {
            func swish(_ x: Tensor) throws(SwiftConvError) -> Tensor { try x * nn.sigmoid(x) }

            let x = try Tensor([-1, 0, 1, 2], shape: [4])
            let slope = try gradient(at: x) { x throws(SwiftConvError) in try swish(x).sum() }
            printed(slope.shape, "[4]")
        }
    }

    // Sources/SwiftConv/SwiftConv.docc/GettingStarted.md
    @Test func gettingStarted() async throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        _ = (images, labels)
        do {
            let image = try Tensor((0..<25).map(Float.init), shape: [1, 5, 5, 1])
            let edges = try Tensor([-1, 0, 1, -2, 0, 2, -1, 0, 1], shape: [3, 3, 1, 1])
            let response = try nn.conv2d(image, edges, padding: .same, activation: .relu)
            printed(response.shape, "[1, 5, 5, 1]")
            print(try response.sum().scalar())                 // read one number …
            let numbers: [Float] = try response.scalars()      // … or all of them, in row-major order
            do {
                let slope = try gradient(at: image) { x throws(SwiftConvError) in try x.square().sum() }
                do {
                    let model = Sequential {
                        Conv2D(32, kernelSize: 3, activation: .relu)
                        MaxPooling2D(2)
                        Flatten()
                        Dense(10, activation: .softmax)
                    }
                    try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy])
                    try model.fit(images, labels, batchSize: 64, epochs: 3)
                    let scores = try model.predict(images)
                }
            }
        }
    }

    // Sources/SwiftConv/SwiftConv.docc/Layouts.md
    @Test func layouts() async throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        _ = (images, labels)
        do {
            let photo = try Tensor.zeros([1, 224, 224, 3])                  // one image of three channels
            let kernel = try Tensor.zeros([7, 7, 3, 64])                    // 64 filters of 7 by 7 over three channels
            printed(try nn.conv2d(photo, kernel, strides: 2, padding: .same).shape, "[1, 112, 112, 64]")
            do {
                let channelsFirst = try Tensor.zeros([8, 3, 32, 32])
                let images = try channelsFirst.transpose([0, 2, 3, 1])
                printed(images.shape, "[8, 32, 32, 3]")
                do {
                    let pixels = try Tensor.zeros([1, 16, 16, 32])
                    let grouped = try Tensor.zeros([3, 3, 8, 64])                   // 32 / 8 = 4 groups, 16 outputs each
                    printed(try nn.conv2d(pixels, grouped, padding: .same).shape, "[1, 16, 16, 64]")
                }
            }
        }
    }

    // Sources/SwiftConv/SwiftConv.docc/Numerics.md
    @Test func numerics() async throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        _ = (images, labels)
        do {
            Random.setSeed(7)
            let first = try Random.normal([4])
            Random.setSeed(7)
            let second = try Random.normal([4])
            let a: [Float] = try first.scalars(), b: [Float] = try second.scalars()
            printed(a == b, "true")
        }
    }

    // Sources/SwiftConv/SwiftConv.docc/Performance.md
    @Test func performance() async throws {
        let images = try Random.uniform([128, 28, 28, 1])
        let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])
        _ = (images, labels)
        do {
            let model = Sequential {
                Conv2D(8, kernelSize: 3, activation: .relu)
                Flatten()
                Dense(10)
            }
            let batch = try Random.uniform([64, 28, 28, 1])
            let scores = try model.predict(batch, batchSize: 64)            // one run
            printed(scores.shape, "[64, 10]")
        }
    }
}
