import CShims

/// Choices that outlive the process: a text file with a line for each, a head that says what they belong to and a checksum at its end.
///
/// A file that is missing, damaged or of another processor counts as empty. It is replaced as a whole (temporary file, rename), so that
/// no reader sees half of one.
package struct KeptChoices: Sendable {
    private let path: String
    private let head: String
    private static let limit = 16 << 20

    /// - Parameter belonging: what the choices were made on, such as the processor's name; part of the file's name and of its head.
    package init(folder: String, name: String, belonging: String) {
        let safe = belonging.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        path = folder + "/" + name + "-" + String(safe.prefix(100)) + ".txt"
        head = "swiftconv " + name + " 1: " + belonging
    }

    package func read() -> [String: String] {
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: Self.limit)
        defer { buffer.deallocate() }
        let count = path.withCString { sc_read_file($0, buffer, Self.limit) }
        guard count > 0, count < Self.limit else { return [:] }
        let bytes = UnsafeRawBufferPointer(start: buffer, count: count)
        let text = String(decoding: bytes, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // The text ends with a line break, so the last part is empty and the one before is the checksum.
        guard lines.count >= 3, lines[0] == head, lines[lines.count - 1].isEmpty else { return [:] }
        let body = lines.dropLast(2).joined(separator: "\n") + "\n"
        guard lines[lines.count - 2] == "sum " + Self.sum(body) else { return [:] }
        var found: [String: String] = [:]
        for line in lines[1..<lines.count - 2] {
            let parts = line.split(separator: "\t", maxSplits: 1)
            if parts.count == 2 { found[String(parts[0])] = String(parts[1]) }
        }
        return found
    }

    /// Adds `choices` to the file's. Whether it could be written.
    @discardableResult
    package func add(_ choices: [String: String]) -> Bool {
        let all = read().merging(choices) { $1 }
        var body = head + "\n"
        for key in all.keys.sorted() { body += key + "\t" + (all[key] ?? "") + "\n" }
        body += "sum " + Self.sum(body) + "\n"
        guard body.utf8.count < Self.limit else { return false }
        return path.withCString { path in
            body.withCString { sc_write_file(path, $0, body.utf8.count) == 0 }
        }
    }

    /// FNV-1a, 64 bits (Fowler, Noll, Vo): finds damage, not malice.
    private static func sum(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
