// The Swift programs of the README and of the documentation's first article, as they stand there: `swift run snippets` compiles and runs them.
// A test (pytests/test_documents.py) compares the texts.
import SwiftConv

let image = try Tensor((0..<25).map(Float.init), shape: [1, 5, 5, 1])
let edges = try Tensor([-1, 0, 1, -2, 0, 2, -1, 0, 1], shape: [3, 3, 1, 1])
let response = try nn.conv2d(image, edges, padding: .same, activation: .relu)
print(response.shape)                              // [1, 5, 5, 1]
print(try response.sum().scalar())                 // read one number …
let numbers: [Float] = try response.scalars()      // … or all of them, in row-major order

let slope = try gradient(at: image) { x in try x.square().sum() }

// images and labels to train on
Random.setSeed(1)
let images = try Random.uniform([128, 28, 28, 1])
let labels = try Tensor((0..<128).map { Int32($0 % 10) }, shape: [128])

let model = Sequential {
    Conv2D(32, kernelSize: 3, activation: .relu)
    MaxPooling2D(2)
    Flatten()
    Dense(10, activation: .softmax)
}
try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy])
try model.fit(images, labels, batchSize: 64, epochs: 3)
let scores = try model.predict(images)

guard numbers.count == 25, slope.shape == image.shape, scores.shape == [128, 10] else { fatalError("unexpected shapes") }
