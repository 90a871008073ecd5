import Foundation

/// What this door computed, in the form that pytests/test_doors.py compares: `family/name<TAB>what number<TAB>bytes<NEWLINE>`, the bytes.
struct Results {
    private(set) var data = Data()

    /// The file that the environment asks for, if it does.
    static var requestedPath: String? { ProcessInfo.processInfo.environment["SWIFTCONV_DOOR_RESULTS"] }

    mutating func add<T>(_ name: String, _ what: String, _ number: Int, _ values: [T]) {
        values.withUnsafeBytes { bytes in
            data.append(contentsOf: "\(name)\t\(what) \(number)\t\(bytes.count)\n".utf8)
            data.append(contentsOf: bytes)
        }
    }

    func write() throws {
        if let path = Self.requestedPath { try data.write(to: URL(fileURLWithPath: path)) }
    }
}
