// A convolutional network learns digits, and is kept in a file.
//   tutorial [--epochs 3] [--images 60000] [--model digits.safetensors] [--picture digit.png] [--sorted digits.png]
// It learns MNIST where there is a copy (MNIST.folders says where one is looked for), else digits that are drawn on the spot.
import Pictures
import SwiftConv

struct Settings {
    var epochs = 3
    var images = 60_000
    var model = "digits.safetensors"
    var picture = "digit.png"
    var sorted = "digits.png"

    /// What the command line asks for, or nil where it cannot be understood.
    init?(_ arguments: [String]) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            guard let value = rest.popFirst() else { return nil }
            switch word {
            case "--epochs":
                guard let number = Int(value), number > 0 else { return nil }
                epochs = number
            case "--images":
                guard let number = Int(value), number > 0 else { return nil }
                images = number
            case "--model": model = value
            case "--picture": picture = value
            case "--sorted": sorted = value
            default: return nil
            }
        }
    }
}

/// Pictures from 0 to 1 with one channel, and class numbers.
func prepared(_ digits: LabelledImages, atMost count: Int) throws -> (x: Tensor, y: Tensor) {
    let rows: Range<Int> = 0..<min(count, digits.count)
    let images = try digits.images[rows]
    return (try images.cast(to: .float32).expandDims(at: -1) / 255, try digits.labels[rows])
}

/// The first pictures of each class that the network tells, a column for each class from 0 to 9; white where it found fewer.
func sorted(_ images: Tensor, _ classes: [Int], rows: Int = 6) throws -> Picture {
    let (height, width) = (images.shape[1], images.shape[2])
    let white = try Picture(width: width, height: height) { _, _ in 1 }
    var columns: [Picture] = []
    for digit in 0..<10 {
        var found: [Picture] = []
        for place in classes.indices where classes[place] == digit && found.count < rows {
            found.append(try Picture(try images[place..<place + 1]))
        }
        while found.count < rows { found.append(white) }
        columns.append(try Picture.column(found, gap: 2))
    }
    return try Picture.row(columns, gap: 6)
}

func learn(_ settings: Settings) throws {
    let train, test: LabelledImages
    if let digits = try? MNIST.load() {
        (train, test) = digits
        print("MNIST:", train.count, "pictures to learn,", test.count, "to test")
    } else {
        (train, test) = (try Digits.drawn(4000, seed: 1), try Digits.drawn(1000, seed: 2))
        print("No MNIST in", MNIST.folders.joined(separator: " or "), "- drawn digits instead")
    }
    let (x, y) = try prepared(train, atMost: settings.images)
    let (testX, testY) = try prepared(test, atMost: test.count)

    Random.setSeed(7)
    let model = Sequential {
        Conv2D(32, kernelSize: 3, activation: .relu)
        Conv2D(64, kernelSize: 3, activation: .relu)
        MaxPooling2D(2)
        Dropout(0.25)
        Flatten()
        Dense(128, activation: .relu)
        Dropout(0.5)
        Dense(10, activation: .softmax)
    }
    try model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy(), metrics: [.accuracy])
    try model.fit(x, y, batchSize: 64, epochs: settings.epochs, validationSplit: 0.1, verbose: 2)
    print(model.summary)
    let results = try model.evaluate(testX, testY, batchSize: 256)
    print("Test accuracy:", Float(results["accuracy"] ?? 0))

    try model.save(to: settings.model)
    try Picture(try testX[0..<1]).write(to: settings.picture)
    let classes = try model.predict(testX, batchSize: 256).argmax().scalars(as: Int.self)
    try sorted(testX, classes).write(to: settings.sorted)
    print("Test pictures by the class that they were given: \(settings.sorted)")
    let digit = try testY[0].scalar(as: Int.self)
    print("Model: \(settings.model), picture of a \(digit): \(settings.picture)")
}

guard let settings = Settings(Array(CommandLine.arguments.dropFirst())) else {
    end("usage: tutorial [--epochs 3] [--images 60000] [--model digits.safetensors] [--picture digit.png] [--sorted digits.png]", status: 2)
}
do { try learn(settings) } catch { end("tutorial: \(error)") }
