import Foundation
import Testing

@testable import SwiftConv

/// Archives that NumPy and gzip wrote, byte for byte.
@Suite struct DatasetTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("swiftconv-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func idx(_ shape: [Int], _ bytes: [UInt8]) -> [UInt8] {
        [0, 0, 8, UInt8(shape.count)] + shape.flatMap { size in (0..<4).reversed().map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } }
            + bytes
    }

    @Test func originalFilesOfMNISTAreRead() throws {
        try withFolder { folder in
            try Data(idx([2, 2, 3], Array(0..<12))).write(to: URL(filePath: "\(folder)/train-images-idx3-ubyte"))
            try Data(idx([2], [7, 1])).write(to: URL(filePath: "\(folder)/train-labels-idx1-ubyte"))
            // gzip of idx [1, 1, 2] with the bytes 200, 3
            let zipped = try #require(Data(base64Encoded: "H4sIAAAAAAACA2Ng4GBmYGBghGKmE8wAnTYi+xIAAAA="))
            try zipped.write(to: URL(filePath: "\(folder)/t10k-images-idx3-ubyte.gz"))
            try Data(idx([1], [9])).write(to: URL(filePath: "\(folder)/t10k-labels-idx1-ubyte"))
            let (train, test) = try MNIST.load(from: folder)
            #expect(train.images.shape == [2, 2, 3])
            #expect(try train.images.scalars(as: UInt8.self) == Array(0..<12))
            #expect(try train.labels.scalars(as: UInt8.self) == [7, 1])
            #expect(try test.images.scalars(as: UInt8.self) == [200, 3])
            #expect(test.count == 1)
        }
    }

    @Test func damagedFilesAreErrors() throws {
        try withFolder { folder in
            let path = "\(folder)/mnist.npz"
            for bytes in [
                [], [1, 2, 3], [UInt8](repeating: 80, count: 100), Array("PK".utf8) + [5, 6] + [UInt8](repeating: 0, count: 18),
            ] {
                try Data(bytes).write(to: URL(filePath: path))
                #expect(throws: SwiftConvError.self) { try MNIST.load(from: folder) }
            }
            #expect(throws: SwiftConvError.self) { try MNIST.load(from: "\(folder)/nothing") }
            #expect(throws: SwiftConvError.self) { try ArrayFiles.idx("\(folder)/nothing") }
            for bytes in [[0, 0, 8], [0, 0, 13, 1, 0, 0, 0, 1, 5], [0, 0, 8, 1, 0, 0, 0, 2, 5], [0x1F, 0x8B, 8, 0, 1, 2]] as [[UInt8]] {
                try Data(bytes).write(to: URL(filePath: path))
                #expect(throws: SwiftConvError.self) { try ArrayFiles.idx(path) }
            }
        }
    }

    @Test func arraysOfNumPyAreRead() throws {
        func npy(_ header: String, _ data: [UInt8]) -> [UInt8] {
            [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + data
        }
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n"
        let tensor = try ArrayFiles.npy(npy(header, [0, 0, 128, 63, 0, 0, 0, 192]), "a")
        #expect(tensor.shape == [2, 1])
        #expect(try tensor.scalars() == [1, -2])
        #expect(try ArrayFiles.npy(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", [4]), "a").shape == [])
        for bad in [
            npy(header, [0]), npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", [0, 0, 0, 0]),
            npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", [0, 0, 0, 0]), [1, 2],
        ] {
            #expect(throws: SwiftConvError.self) { try ArrayFiles.npy(bad, "a") }
        }
    }

    @Test func drawnDigitsAreTheSameForASeedAndLearnable() throws {
        let (a, b, other) = (try Digits.drawn(30, seed: 4), try Digits.drawn(30, seed: 4), try Digits.drawn(30, seed: 5))
        #expect(a.images.shape == [30, 28, 28])
        #expect(try a.labels.scalars(as: UInt8.self).prefix(12) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
        #expect(try a.images.scalars(as: UInt8.self) == b.images.scalars(as: UInt8.self))
        #expect(try a.images.scalars(as: UInt8.self) != other.images.scalars(as: UInt8.self))
        #expect(throws: SwiftConvError.self) { try Digits.drawn(-1) }
        #expect(throws: SwiftConvError.self) { try Digits.drawn(1, size: 2) }
    }
}
