import CPNG

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// libpng's simplified interface: it converts any PNG to 8 bits a number, and tells of errors without longjmp, which Swift could not stand.
extension Picture {
    /// The picture in a PNG file, as grey (`channels` 1) or as red, green and blue (3); what is transparent is white.
    public init(reading path: String, channels: Int) throws(PictureError) {
        guard channels == 1 || channels == 3 else { throw PictureError("\(path): channels: expected 1 or 3, received \(channels)") }
        guard let file = fopen(path, "rb") else { throw PictureError("\(path): cannot be opened: \(String(cString: strerror(errno)))") }
        defer { fclose(file) }
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        defer { png_image_free(&image) }
        guard png_image_begin_read_from_stdio(&image, file) != 0 else { throw PictureError("\(path): is no PNG picture (\(image.words))") }
        let (width, height) = (Int(image.width), Int(image.height))
        guard width <= Self.longest, height <= Self.longest else {
            throw PictureError("\(path): expected at most \(Self.longest) rows and columns, received \(height) × \(width)")
        }
        image.format = Self.format(channels)
        var bytes = [UInt8](repeating: 0, count: width * height * channels)
        var white = png_color(red: 255, green: 255, blue: 255)
        guard png_image_finish_read(&image, &white, &bytes, 0, nil) != 0 else {
            throw PictureError("\(path): is damaged (\(image.words))")
        }
        try self.init(width: width, height: height, channels: channels, pixels: bytes.map { Float($0) / 255 })
    }

    /// Writes a PNG file of 8 bits a number; numbers below 0 or above 1 become 0 or 1.
    public func write(to path: String) throws(PictureError) {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        image.width = png_uint_32(width)
        image.height = png_uint_32(height)
        image.format = Self.format(channels)
        defer { png_image_free(&image) }
        // the comparison is false for NaN, which becomes 0
        let bytes = pixels.map { $0 > 0 ? UInt8((min($0, 1) * 255).rounded()) : 0 }
        guard png_image_write_to_file(&image, path, 0, bytes, 0, nil) != 0 else {
            throw PictureError("\(path): cannot be written (\(image.words))")
        }
    }

    private static func format(_ channels: Int) -> png_uint_32 {
        channels == 1 ? png_uint_32(PNG_FORMAT_GRAY) : png_uint_32(PNG_FORMAT_RGB)
    }
}

extension png_image {
    /// What libpng says went wrong.
    fileprivate var words: String { withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } }
}
