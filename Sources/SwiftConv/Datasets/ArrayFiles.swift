#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Files of arrays as data sets are published: NumPy's .npy and .npz, and the IDX files of MNIST, plain or as gzip.
enum ArrayFiles {
    /// The whole file.
    static func content(of path: String) throws(SwiftConvError) -> [UInt8] {
        func failed() -> SwiftConvError { .invalidArgument("\(path): cannot be read: \(String(cString: strerror(errno)))") }
        guard let file = fopen(path, "rb") else { throw failed() }
        defer { fclose(file) }
        var status = stat()
        guard fstat(fileno(file), &status) == 0 else { throw failed() }
        let size = Int(status.st_size)
        let content = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = buffer.baseAddress.map { fread($0, 1, size, file) } ?? 0
        }
        guard content.count == size else { throw failed() }
        return content
    }

    /// `[0x00, 0x00, type, rank]`, the sizes (32 bits, big end first), the numbers: unsigned bytes alone are read.
    static func idx(_ path: String) throws(SwiftConvError) -> Tensor {
        var bytes = try content(of: path)
        if bytes.starts(with: [0x1F, 0x8B]) { bytes = try Zlib.need(for: path).gunzip(bytes, limit: 1 << 31, path) }
        func broken(_ what: String) -> SwiftConvError { .invalidArgument("\(path): not an IDX file of unsigned bytes: \(what)") }
        guard bytes.count >= 4, bytes[0] == 0, bytes[1] == 0, bytes[2] == 8 else { throw broken("its first bytes are \(bytes.prefix(4))") }
        let rank = Int(bytes[3])
        let start = 4 + 4 * rank
        guard bytes.count >= start else { throw broken("it ends in its head") }
        var shape: [Int] = []
        for axis in 0..<rank {
            let size: ArraySlice<UInt8> = bytes[(4 + 4 * axis)..<(8 + 4 * axis)]
            shape.append(size.reduce(0) { $0 << 8 | Int($1) })
        }
        guard let count = product(shape), bytes.count == start + count else {
            throw broken("expected numbers of shape \(shape), received \(bytes.count - start) bytes")
        }
        return try Tensor(Array(bytes[start...]), shape: shape)
    }

    /// The arrays of an .npz archive by their names.
    static func npz(_ path: String, _ names: [String]) throws(SwiftConvError) -> [Tensor] {
        let archive = try Zip(path)
        var found: [Tensor] = []
        for name in names { found.append(try npy(archive.member("\(name).npy"), "\(path): \(name)")) }
        return found
    }

    /// NumPy's format 1.0 to 3.0: magic, version, the length of the header, a Python literal, the numbers.
    static func npy(_ bytes: [UInt8], _ path: String) throws(SwiftConvError) -> Tensor {
        func broken(_ what: String) -> SwiftConvError { .invalidArgument("\(path): not a .npy file that can be read: \(what)") }
        guard bytes.count >= 12, bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
            throw broken("its first bytes are \(bytes.prefix(6))")
        }
        let isShort = bytes[6] == 1
        let start = isShort ? 10 : 12
        let length = (8..<start).reversed().reduce(0) { $0 << 8 | Int(bytes[$1]) }
        guard bytes.count >= start + length else { throw broken("it ends in its header") }
        let header = String(decoding: bytes[start..<(start + length)], as: UTF8.self)
        let types: [(String, DType)] = [
            ("'|u1'", .uint8), ("'<f4'", .float32), ("'<f8'", .float64), ("'<i4'", .int32), ("'<i8'", .int64), ("'|b1'", .bool),
        ]
        guard let dtype = types.first(where: { header.contains("'descr': \($0.0)") })?.1 else { throw broken("its header is \(header)") }
        guard header.contains("'fortran_order': False") else { throw broken("it is in Fortran's order") }
        guard let open = header.firstIndex(of: "("), let close = header[open...].firstIndex(of: ")") else { throw broken("no shape") }
        var shape: [Int] = []
        for part in header[header.index(after: open)..<close].split(separator: ",") {
            let digits = part.filter { $0 != " " }
            if digits.isEmpty { continue }
            guard let size = Int(digits), size >= 0 else { throw broken("its shape is \(header[open...close])") }
            shape.append(size)
        }
        let data = bytes[(start + length)...]
        return try engineCopy(data, shape, dtype)
    }

    private static func engineCopy(_ data: ArraySlice<UInt8>, _ shape: [Int], _ dtype: DType) throws(SwiftConvError) -> Tensor {
        let result = data.withUnsafeBytes { bytes -> Result<Tensor, SwiftConvError> in
            do throws(SwiftConvError) {
                return .success(try Tensor(bytes: bytes, shape: shape, dtype: dtype))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func product(_ shape: [Int]) -> Int? {
        var count = 1
        for size in shape {
            let (next, overflow) = count.multipliedReportingOverflow(by: size)
            if overflow { return nil }
            count = next
        }
        return count
    }
}

/// A zip archive in memory: members that are stored or deflated, as NumPy writes them. Source: APPNOTE.TXT 6.3 of PKWARE.
struct Zip {
    private let path: String
    private let bytes: [UInt8]
    private var members: [String: (method: Int, checksum: UInt32, packed: Int, size: Int, header: Int)] = [:]

    init(_ path: String) throws(SwiftConvError) {
        self.path = path
        bytes = try ArrayFiles.content(of: path)
        func broken() -> SwiftConvError { .invalidArgument("\(path): not a zip archive, or a damaged one") }
        // The end of the directory stands within the last 64 KB.
        guard bytes.count >= 22,
            let end = stride(from: bytes.count - 22, through: max(0, bytes.count - 65_557), by: -1).first(where: {
                number($0, 4) == 0x0605_4B50
            })
        else { throw broken() }
        var at = number(end + 16, 4)
        for _ in 0..<number(end + 10, 2) {
            guard at + 46 <= bytes.count, number(at, 4) == 0x0201_4B50 else { throw broken() }
            let nameLength = number(at + 28, 2)
            guard at + 46 + nameLength <= bytes.count else { throw broken() }
            let name = String(decoding: bytes[(at + 46)..<(at + 46 + nameLength)], as: UTF8.self)
            members[name] = (
                number(at + 10, 2), UInt32(number(at + 16, 4)), number(at + 20, 4), number(at + 24, 4), number(at + 42, 4)
            )
            at += 46 + nameLength + number(at + 30, 2) + number(at + 32, 2)
        }
    }

    /// A number of `count` bytes, the small end first; 0 beyond the end.
    private func number(_ at: Int, _ count: Int) -> Int {
        guard at >= 0, at + count <= bytes.count else { return 0 }
        return (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[at + $1]) }
    }

    func member(_ name: String) throws(SwiftConvError) -> [UInt8] {
        guard let member = members[name] else {
            throw .invalidArgument("\(path): expected a member \(name), received \(members.keys.sorted())")
        }
        let start = member.header + 30 + number(member.header + 26, 2) + number(member.header + 28, 2)
        guard number(member.header, 4) == 0x0403_4B50, start + member.packed <= bytes.count else {
            throw .invalidArgument("\(path): \(name): the archive is damaged")
        }
        let packed = bytes[start..<(start + member.packed)]
        switch member.method {
        case 0: return Array(packed)
        case 8: return try Zlib.need(for: path).inflate(packed, checksum: member.checksum, size: member.size, "\(path): \(name)")
        default:
            throw SwiftConvError(.unsupported, "\(path): \(name): expected a stored or deflated member, received method \(member.method)")
        }
    }
}
