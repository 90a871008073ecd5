import TensorCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A safetensors file (https://github.com/huggingface/safetensors): the length of a JSON header, the header, the tensors one after
/// another, little-endian as the machine is.
package struct Safetensors {
    package struct Entry {
        package let name: String
        package let spec: TensorSpec
        /// Of a file that was read: valid as long as the file, and not aligned.
        package let data: UnsafeRawPointer

        package init(name: String, spec: TensorSpec, data: UnsafeRawPointer) {
            self.name = name
            self.spec = spec
            self.data = data
        }
    }

    private static let names: [(DataType, String)] = [
        (.float32, "F32"), (.float64, "F64"), (.int32, "I32"), (.int64, "I64"), (.uint8, "U8"), (.bool, "BOOL"),
    ]

    package private(set) var metadata: [String: String] = [:]
    package private(set) var entries: [Entry] = []
    private var places: [String: Int] = [:]
    private let content: Storage

    package func entry(_ name: String) -> Entry? { places[name].map { entries[$0] } }

    // ---- reading ------------------------------------------------------------------------------------------------------------

    package init(_ path: String) throws(ConvError) {
        content = try Self.content(of: path)
        let bytes = UnsafeRawBufferPointer(start: content.base, count: content.bytes)
        func broken(_ what: String) -> ConvError { .invalidArgument("\(path): not a safetensors file: \(what)") }
        guard bytes.count >= 8 else { throw broken("it has \(bytes.count) bytes") }
        let length = bytes.loadUnaligned(as: UInt64.self).littleEndian
        guard length <= UInt64(bytes.count - 8) else { throw broken("its header is longer than the file") }
        let start = 8 + Int(length)
        guard let members = Json.parsed(UnsafeRawBufferPointer(rebasing: bytes[8..<start]))?.asObject else {
            throw broken("its header is not JSON")
        }
        for (name, value) in members {
            if name == "__metadata__" {
                for (key, text) in value.asObject ?? [] { metadata[key] = text.asString }
                continue
            }
            guard let dtype = Self.names.first(where: { $0.1 == value["dtype"]?.asString })?.0, let shape = value["shape"]?.asInts,
                let range = value["data_offsets"]?.asInts, range.count == 2, range[0] >= 0, range[0] <= range[1],
                range[1] <= bytes.count - start
            else { throw broken("tensor \(name)") }
            let spec = try TensorSpec(dtype, shape).validated("\(path): tensor \(name)")
            guard spec.byteCount == range[1] - range[0], places[name] == nil else { throw broken("tensor \(name)") }
            places[name] = entries.count
            entries.append(Entry(name: name, spec: spec, data: UnsafeRawPointer(content.base) + start + range[0]))
        }
    }

    private static func content(of path: String) throws(ConvError) -> Storage {
        func failed(_ what: String) -> ConvError { .invalidArgument("\(path): \(what): \(String(cString: strerror(errno)))") }
        guard let file = fopen(path, "rb") else { throw failed("cannot be opened") }
        defer { fclose(file) }
        var status = stat()
        guard fstat(fileno(file), &status) == 0 else { throw failed("cannot be read") }
        let bytes = Int(status.st_size)
        let content = try Storage(bytes: bytes, for: path)
        guard fread(content.base, 1, bytes, file) == bytes else { throw failed("cannot be read") }
        return content
    }

    // ---- writing ------------------------------------------------------------------------------------------------------------

    /// A new file beside `path`, whose name nobody else has.
    private static func temporary(beside path: String) -> (name: String, file: UnsafeMutablePointer<FILE>?) {
        for number in 0..<10_000 {
            let name = "\(path).\(getpid()).\(number).tmp"
            if let file = fopen(name, "wbx") { return (name, file) }
            if errno != EEXIST { break }
        }
        return (path, nil)
    }

    /// Replaces the file at `path`, through a temporary file beside it.
    package static func write(_ entries: [Entry], metadata: [(String, String)], to path: String) throws(ConvError) {
        var members: [(String, Json)] = [("__metadata__", .object(metadata.map { ($0.0, .string($0.1)) }))]
        var offset = 0
        for entry in entries {
            let name = names.first { $0.0 == entry.spec.dtype }?.1 ?? ""
            let end = offset + entry.spec.byteCount
            members.append(
                (
                    entry.name,
                    .object([("dtype", .string(name)), ("shape", .ints(entry.spec.shape)), ("data_offsets", .ints([offset, end]))])
                ))
            offset = end
        }
        var header = Array(Json.object(members).text.utf8)
        while (8 + header.count) % 64 != 0 { header.append(UInt8(ascii: " ")) }

        func failed() -> ConvError { .invalidArgument("\(path): cannot be written: \(String(cString: strerror(errno)))") }
        let (temporary, opened) = temporary(beside: path)
        guard let file = opened else { throw failed() }
        var length = UInt64(header.count).littleEndian
        var good = fwrite(&length, 8, 1, file) == 1 && fwrite(header, 1, header.count, file) == header.count
        for entry in entries where entry.spec.byteCount > 0 {
            good = good && fwrite(entry.data, 1, entry.spec.byteCount, file) == entry.spec.byteCount
        }
        good = fclose(file) == 0 && good
        guard good, rename(temporary, path) == 0 else {
            let error = failed()
            unlink(temporary)
            throw error
        }
    }
}
