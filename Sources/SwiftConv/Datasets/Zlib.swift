#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The system's zlib, looked for when a compressed file is first read, never linked.
struct Zlib: Sendable {
    static let shared: Zlib? = ["libz.so.1", "libz.so", "libz.1.dylib"].lazy.compactMap { Zlib($0) }.first

    private let gzdopen: @convention(c) (Int32, UnsafePointer<CChar>) -> OpaquePointer?
    private let gzread: @convention(c) (OpaquePointer, UnsafeMutableRawPointer, UInt32) -> Int32
    private let gzclose: @convention(c) (OpaquePointer) -> Int32

    private init?(_ name: String) {
        guard let library = dlopen(name, RTLD_NOW | RTLD_LOCAL), let open = dlsym(library, "gzdopen"), let read = dlsym(library, "gzread"),
            let close = dlsym(library, "gzclose")
        else { return nil }
        gzdopen = unsafeBitCast(open, to: (@convention(c) (Int32, UnsafePointer<CChar>) -> OpaquePointer?).self)
        gzread = unsafeBitCast(read, to: (@convention(c) (OpaquePointer, UnsafeMutableRawPointer, UInt32) -> Int32).self)
        gzclose = unsafeBitCast(close, to: (@convention(c) (OpaquePointer) -> Int32).self)
    }

    static func need(for path: String) throws(SwiftConvError) -> Zlib {
        guard let shared else {
            throw SwiftConvError(.unsupported, "\(path): it is compressed and libz.so.1 was not found: install it (Debian: zlib1g)")
        }
        return shared
    }

    /// The content of a gzip file: at most `limit` bytes.
    func gunzip(_ gzip: [UInt8], limit: Int, _ path: String) throws(SwiftConvError) -> [UInt8] {
        func broken() -> SwiftConvError { .invalidArgument("\(path): its compressed data is damaged") }
        // zlib reads gzip from descriptors alone, by functions without structures.
        guard let file = tmpfile() else { throw .invalidArgument("\(path): no temporary file can be made to unpack it") }
        defer { fclose(file) }
        guard fwrite(gzip, 1, gzip.count, file) == gzip.count, fflush(file) == 0, lseek(fileno(file), 0, SEEK_SET) == 0 else {
            throw .invalidArgument("\(path): no room in the temporary folder to unpack it")
        }
        let descriptor = dup(fileno(file))
        guard descriptor >= 0, let stream = gzdopen(descriptor, "rb") else {
            if descriptor >= 0 { close(descriptor) }
            throw broken()
        }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = chunk.withUnsafeMutableBytes { bytes in bytes.baseAddress.map { gzread(stream, $0, UInt32(bytes.count)) } ?? -1 }
            guard count >= 0, content.count + Int(count) <= limit else {
                _ = gzclose(stream)
                throw broken()
            }
            if count == 0 { break }
            content += chunk[..<Int(count)]
        }
        guard gzclose(stream) == 0 else { throw broken() }
        return content
    }

    /// What a member of a zip archive holds: raw deflate data, its checksum and its size, which together are a gzip file.
    func inflate(_ deflated: ArraySlice<UInt8>, checksum: UInt32, size: Int, _ path: String) throws(SwiftConvError) -> [UInt8] {
        var gzip: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        gzip += deflated
        for number in [checksum, UInt32(truncatingIfNeeded: size)] { gzip += (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
        let content = try gunzip(gzip, limit: size, path)
        guard content.count == size else { throw .invalidArgument("\(path): its compressed data is damaged") }
        return content
    }
}
