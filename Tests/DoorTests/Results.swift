import Foundation
import TensorCore
import _TestSupport

/// What this door computed, in the form that pytests/test_doors.py compares: `family/name<TAB>what number<TAB>bytes<NEWLINE>`, the bytes.
struct Results {
    private(set) var data = Data()

    /// The file that the environment asks for, if it does.
    static var requestedPath: String? { ProcessInfo.processInfo.environment["SWIFTCONV_DOOR_RESULTS"] }

    mutating func add(_ name: String, _ what: String, _ number: Int, _ bytes: UnsafeRawBufferPointer) {
        data.append(contentsOf: "\(name)\t\(what) \(number)\t\(bytes.count)\n".utf8)
        data.append(contentsOf: bytes)
    }

    mutating func add<T>(_ name: String, _ what: String, _ number: Int, _ values: [T]) {
        values.withUnsafeBytes { add(name, what, number, $0) }
    }

    func write() throws {
        if let path = Self.requestedPath { try data.write(to: URL(fileURLWithPath: path)) }
    }
}

/// Aligned memory for one tensor.
final class Block {
    let memory: UnsafeMutableRawBufferPointer

    init(_ spec: TensorSpec, _ bytes: [UInt8]? = nil) {
        memory = .allocate(byteCount: max(64, spec.byteCount), alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0xFF)
        if let bytes { memory.copyBytes(from: bytes) }
    }

    func content(_ spec: TensorSpec) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory.prefix(spec.byteCount)) }

    deinit { memory.deallocate() }
}
