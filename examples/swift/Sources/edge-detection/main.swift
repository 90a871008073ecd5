// Edges by hand: three classic filters and one call of `nn.conv2d`.
//   edge-detection [picture.png] [--output edges.png]
// Without a picture it draws one. The output shows the picture and what each filter answers, beside each other: the brighter, the stronger.
import Pictures
import SwiftConv

/// How brightness changes from left to right and from top to bottom (Sobel), and in all directions (Laplace).
let filters: [(name: String, weights: [Float])] = [
    ("vertical edges", [-1, 0, 1, -2, 0, 2, -1, 0, 1]),
    ("horizontal edges", [-1, -2, -1, 0, 0, 0, 1, 2, 1]),
    ("all edges", [0, 1, 0, 1, -4, 1, 0, 1, 0]),
]

/// What the command line asks for, or nil where it cannot be understood.
func parsed(_ arguments: [String]) -> (input: String?, output: String)? {
    var (input, output): (String?, String) = (nil, "edges.png")
    var rest = arguments[...]
    while let word = rest.popFirst() {
        if word == "--output", let path = rest.popFirst() {
            output = path
        } else if !word.hasPrefix("-"), input == nil {
            input = word
        } else {
            return nil
        }
    }
    return (input, output)
}

func detectEdges(_ input: String?, _ output: String) throws {
    let picture = try input.map { try Picture(reading: $0, channels: 1) } ?? Picture.drawing()
    guard picture.width >= 3, picture.height >= 3 else {
        throw PictureError("the picture: expected at least 3 rows and columns, received \(picture.height) × \(picture.width)")
    }

    // A filter has the shape [height, width, input channels, output channels]: one stack of three serves in one call.
    let stack = try Tensor(filters.flatMap(\.weights), shape: [filters.count, 3, 3, 1]).transpose([1, 2, 3, 0])
    let answers = try nn.conv2d(try picture.tensor(), stack, padding: .same).absolute()

    var panels = [picture]
    for (channel, filter) in filters.enumerated() {
        let edges = try answers[.all, .all, .all, .range(channel..<channel + 1)]
        // Around the picture there are zeros, so its rim looks like an edge: it does not count.
        let inner = try edges[.all, .range(1..<picture.height - 1), .range(1..<picture.width - 1)]
        let strongest: Float = try inner.max().scalar()
        print(padded(filter.name, 17), "strongest response", rounded(strongest))
        panels.append(try Picture(try edges / Double(max(strongest, .leastNormalMagnitude))))
    }
    try Picture.row(panels).write(to: output)
    print("Picture:", output)
}

func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }

/// Three digits behind the point.
func rounded(_ number: Float) -> String {
    let thousandths = Int((number * 1000).rounded())
    let rest = String(thousandths % 1000)
    return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - rest.count) + rest
}

guard let (input, output) = parsed(Array(CommandLine.arguments.dropFirst())) else {
    end("usage: edge-detection [picture.png] [--output edges.png]", status: 2)
}
do {
    try detectEdges(input, output)
} catch {
    end("edge-detection: \(error)")
}
