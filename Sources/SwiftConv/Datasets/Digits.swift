/// Pictures of digits that are drawn, not written by people: for tests, examples and first steps without any file.
public enum Digits {
    /// The strokes of each digit between points of a grid of 2 columns and 3 rows, as on a calculator, with the diagonals of 1 and 7.
    private static let strokes: [[(Int, Int)]] = [
        [(0, 1), (1, 5), (5, 4), (4, 0)], [(2, 1), (1, 5)], [(0, 1), (1, 3), (3, 2), (2, 4), (4, 5)],
        [(0, 1), (1, 3), (2, 3), (3, 5), (4, 5)], [(0, 2), (2, 3), (1, 5)], [(1, 0), (0, 2), (2, 3), (3, 5), (5, 4)],
        [(1, 0), (0, 4), (4, 5), (5, 3), (3, 2)], [(0, 1), (1, 4)], [(0, 1), (1, 5), (5, 4), (4, 0), (2, 3)],
        [(3, 2), (2, 0), (0, 1), (1, 5), (5, 4)],
    ]

    /// `count` grey pictures of `size` × `size` pixels, the digits in turn from 0 to 9, each with another place, size, slant, thickness
    /// and noise. The same seed gives the same pictures.
    ///
    ///     let train = try Digits.drawn(2000, seed: 1)
    public static func drawn(_ count: Int, seed: Int = 0, size: Int = 28) throws(SwiftConvError) -> LabelledImages {
        guard count >= 0 else { throw .invalidArgument("Digits.drawn: count: expected at least 0, received \(count)") }
        guard (8...1024).contains(size) else { throw .invalidArgument("Digits.drawn: size: expected 8 to 1024, received \(size)") }
        var random = SplitMix64(seed: UInt64(bitPattern: Int64(seed)))
        var pixels = [UInt8](repeating: 0, count: count * size * size)
        for i in 0..<count {
            draw(i % 10, size, &random) { row, column, value in pixels[(i * size + row) * size + column] = value }
        }
        return LabelledImages(
            images: try Tensor(pixels, shape: [count, size, size]), labels: try Tensor((0..<count).map { UInt8($0 % 10) }, shape: [count]))
    }

    private static func draw(_ digit: Int, _ size: Int, _ random: inout SplitMix64, _ put: (Int, Int, UInt8) -> Void) {
        func pick(_ low: Double, _ high: Double) -> Double { low + (high - low) * Double(random.next() >> 11) * 0x1p-53 }
        let side = Double(size)
        let (width, height) = (side * pick(0.25, 0.4), side * pick(0.45, 0.65))
        let (left, top) = (pick(0.12 * side, 0.88 * side - width), pick(0.1 * side, 0.9 * side - height))
        let slant = pick(-0.25, 0.25)
        let thickness = side * pick(0.04, 0.08)
        let ink = pick(170, 255)
        var points: [(x: Double, y: Double)] = []
        for point in 0..<6 {
            let y = Double(point / 2) / 2
            points.append(
                (
                    left + width * Double(point % 2) + slant * (0.5 - y) * height + pick(-0.03, 0.03) * side,
                    top + height * y + pick(-0.03, 0.03) * side
                ))
        }
        let lines = strokes[digit].map { Line(from: points[$0.0], to: points[$0.1]) }
        lines.withUnsafeBufferPointer { lines in
            for row in 0..<size {
                for column in 0..<size {
                    let (x, y) = (Double(column) + 0.5, Double(row) + 0.5)
                    var nearest = Double.infinity
                    for i in 0..<lines.count { nearest = Double.minimum(nearest, lines[i].squaredDistance(x, y)) }
                    let cover = Double.maximum(0, Double.minimum(1, thickness - nearest.squareRoot() + 0.5))
                    put(row, column, UInt8(Double.maximum(0, Double.minimum(255, cover * ink + pick(0, 12)))))
                }
            }
        }
    }

    /// A stroke of the pen.
    private struct Line {
        private let (x, y): (Double, Double)
        private let (dx, dy): (Double, Double)
        private let squaredLength: Double

        init(from a: (x: Double, y: Double), to b: (x: Double, y: Double)) {
            (x, y) = a
            (dx, dy) = (b.x - a.x, b.y - a.y)
            squaredLength = Double.maximum(1e-9, dx * dx + dy * dy)
        }

        func squaredDistance(_ px: Double, _ py: Double) -> Double {
            let along = Double.maximum(0, Double.minimum(1, ((px - x) * dx + (py - y) * dy) / squaredLength))
            let (ex, ey) = (px - x - along * dx, py - y - along * dy)
            return ex * ex + ey * ey
        }
    }
}
