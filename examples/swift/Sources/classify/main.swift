// Says what a picture shows, by a model that was saved by `Model.save` here or by `model.save("….safetensors")` in Python.
//   classify model.safetensors picture.png [--top 3]
import Pictures
import SwiftConv

/// What the command line asks for, or nil where it cannot be understood.
func parsed(_ arguments: [String]) -> (model: String, picture: String, top: Int)? {
    var (paths, top): ([String], Int) = ([], 3)
    var rest = arguments[...]
    while let word = rest.popFirst() {
        if word == "--top" {
            guard let number = rest.popFirst().flatMap({ Int($0) }), number > 0 else { return nil }
            top = number
        } else {
            paths.append(word)
        }
    }
    return paths.count == 2 ? (paths[0], paths[1], top) : nil
}

func classify(_ path: String, _ picturePath: String, _ top: Int) throws {
    let model = try Model.load(from: path)
    guard let shape = model.inputShapes.first, model.inputShapes.count == 1, shape.count == 3, [1, 3, 4].contains(shape[2]) else {
        throw PictureError("\(path): expected a model of pictures, received one with inputs \(model.inputShapes)")
    }
    let picture = try Picture(reading: picturePath, channels: shape[2])
    guard [picture.height, picture.width] == Array(shape.prefix(2)) else {
        throw PictureError(
            "\(picturePath): expected \(shape[0]) × \(shape[1]) pixels as the model does, received \(picture.height) × \(picture.width)")
    }
    let answer = try model(try picture.tensor())
    // Whatever ends the model: probabilities add up to 1.
    let scores = try answer.reshape([-1])
    let isProbability = try abs(Float(scores.sum().scalar()) - 1) < 1e-3 && Float(scores.min().scalar()) >= 0
    let probabilities: [Float] = try (isProbability ? scores : nn.softmax(scores)).scalars()
    for (number, share) in probabilities.enumerated().sorted(by: { $0.element > $1.element }).prefix(top) {
        print("class \(number): \((share * 1000).rounded() / 10) %")
    }
}

guard let (model, picture, top) = parsed(Array(CommandLine.arguments.dropFirst())) else {
    end("usage: classify model.safetensors picture.png [--top 3]", status: 2)
}
do { try classify(model, picture, top) } catch { end("classify: \(error)") }
