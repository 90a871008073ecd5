// Trains a small convolutional network to name the shape in an image, and prints how often it is right.
import SwiftConv

/// A bar, a column, a cross or a frame of random place and brightness on a noisy ground, 16 × 16 pixels.
func drawing(of kind: Int, using random: inout some RandomNumberGenerator) -> [Float] {
    var image = (0..<256).map { _ in Float.random(in: 0...0.4, using: &random) }
    let (row, column) = (Int.random(in: 0...9, using: &random), Int.random(in: 0...9, using: &random))
    let ink = Float.random(in: 0.6...1, using: &random)
    for i in 0..<7 {
        for j in 0..<7 {
            let isInk =
                switch kind {
                case 0: i == 3
                case 1: j == 3
                case 2: i == 3 || j == 3
                default: i == 0 || i == 6 || j == 0 || j == 6
                }
            if isInk { image[(row + i) * 16 + column + j] = ink }
        }
    }
    return image
}

/// A small generator with a seed, so that each run shows the same.
struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 32) | (state << 32)
    }
}

func examples(_ count: Int, seed: UInt64) throws(SwiftConvError) -> (images: Tensor, labels: Tensor) {
    var random = Generator(state: seed)
    let kinds = (0..<count).map { Int32($0 % 4) }
    let pixels = kinds.flatMap { drawing(of: Int($0), using: &random) }
    return (try Tensor(pixels, shape: [count, 16, 16, 1]), try Tensor(kinds, shape: [count]))
}

Random.setSeed(1)
let train = try examples(2000, seed: 1)
let test = try examples(400, seed: 2)

let model = Sequential {
    Conv2D(16, kernelSize: 3, activation: .relu)
    MaxPooling2D(2)
    Conv2D(32, kernelSize: 3, activation: .relu)
    MaxPooling2D(2)
    Flatten()
    Dropout(0.2)
    Dense(4, activation: .softmax)
}
try model.compile(optimizer: .adam(learningRate: 0.003), loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy])
try model.fit(train.images, train.labels, epochs: 4)
print(model.summary)

let accuracy = try model.evaluate(test.images, test.labels)["accuracy"] ?? 0
print("accuracy on 400 new images: \((accuracy * 1000).rounded() / 10) %")
guard accuracy > 0.9 else { fatalError("the network has not learned: accuracy \(accuracy)") }
