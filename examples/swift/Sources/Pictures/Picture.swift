import SwiftConv

/// A picture: rows of pixels from the top, each pixel with 1 (grey) or 3 (red, green, blue) numbers from 0 to 1.
public struct Picture: Sendable, Hashable {
    public let width: Int
    public let height: Int
    public let channels: Int
    /// `[height][width][channels]`, as in a tensor.
    public let pixels: [Float]

    /// `pixels` in the order of `[height][width][channels]`.
    public init(width: Int, height: Int, channels: Int, pixels: [Float]) throws(PictureError) {
        guard channels == 1 || channels == 3 else { throw PictureError("a picture has 1 or 3 channels, received \(channels)") }
        guard width >= 1, height >= 1, width <= Self.longest, height <= Self.longest else {
            throw PictureError("a picture has 1 to \(Self.longest) rows and columns, received \(height) × \(width)")
        }
        guard pixels.count == width * height * channels else {
            throw PictureError(
                "expected \(width * height * channels) numbers for \(height) × \(width) × \(channels), received \(pixels.count)")
        }
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// The most rows or columns: a file may say anything of its size.
    static let longest = 1 << 15

    /// Computes each pixel of a grey picture from its place: `x` and `y` are from 0 (left, top) to below 1.
    public init(width: Int, height: Int, _ brightness: (_ x: Float, _ y: Float) -> Float) throws(PictureError) {
        var pixels: [Float] = []
        for row in 0..<max(0, height) {
            for column in 0..<max(0, width) { pixels.append(brightness(Float(column) / Float(width), Float(row) / Float(height))) }
        }
        try self.init(width: width, height: height, channels: 1, pixels: pixels)
    }

    /// A disc, a square and a slope.
    public static func drawing(size: Int = 128) throws(PictureError) -> Picture {
        try Picture(width: size, height: size) { x, y in
            if abs(x - 0.7) < 0.15, abs(y - 0.7) < 0.15 { return 0.6 }
            let (dx, dy) = (x - 0.35, y - 0.4)
            return dx * dx + dy * dy < 0.05 ? 0.9 : 0.25 * x
        }
    }

    /// Pictures of one height and kind beside each other, with `gap` white columns between them.
    public static func row(_ pictures: [Picture], gap: Int = 4) throws(PictureError) -> Picture {
        guard let first = pictures.first, gap >= 0 else { throw PictureError("a row needs a picture, and a gap of at least 0") }
        for picture in pictures where picture.height != first.height || picture.channels != first.channels {
            throw PictureError(
                "pictures in a row: expected \(first.height) rows and \(first.channels) channels in each, "
                    + "received \(picture.height) and \(picture.channels)")
        }
        let white = [Float](repeating: 1, count: gap * first.channels)
        var pixels: [Float] = []
        for row in 0..<first.height {
            for (i, picture) in pictures.enumerated() {
                let length = picture.width * picture.channels
                pixels += (i == 0 ? [] : white) + picture.pixels[row * length..<(row + 1) * length]
            }
        }
        let width = pictures.reduce(0) { $0 + $1.width } + gap * (pictures.count - 1)
        return try Picture(width: width, height: first.height, channels: first.channels, pixels: pixels)
    }

    /// Pictures of one width and kind below each other, with `gap` white rows between them.
    public static func column(_ pictures: [Picture], gap: Int = 4) throws(PictureError) -> Picture {
        guard let first = pictures.first, gap >= 0 else { throw PictureError("a column needs a picture, and a gap of at least 0") }
        for picture in pictures where picture.width != first.width || picture.channels != first.channels {
            throw PictureError(
                "pictures in a column: expected \(first.width) columns and \(first.channels) channels in each, "
                    + "received \(picture.width) and \(picture.channels)")
        }
        let white = [Float](repeating: 1, count: gap * first.width * first.channels)
        let pixels = pictures.enumerated().flatMap { i, picture in (i == 0 ? [] : white) + picture.pixels }
        let height = pictures.reduce(0) { $0 + $1.height } + gap * (pictures.count - 1)
        return try Picture(width: first.width, height: height, channels: first.channels, pixels: pixels)
    }

    // MARK: tensors

    /// A batch of one image: `[1, height, width, channels]`.
    public func tensor() throws(SwiftConvError) -> Tensor { try Tensor(pixels, shape: [1, height, width, channels]) }

    /// The picture of a batch of one image, `[1, height, width, channels]`.
    public init(_ tensor: Tensor) throws {
        let shape = tensor.shape
        guard shape.count == 4, shape[0] == 1 else {
            throw PictureError("expected a tensor of shape [1, height, width, channels], received \(shape)")
        }
        try self.init(width: shape[2], height: shape[1], channels: shape[3], pixels: try tensor.scalars())
    }
}

/// What is wrong with a picture or its file, for people.
public struct PictureError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
