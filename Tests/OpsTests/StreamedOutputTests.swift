import TensorCore
import Testing

@testable import Ops

@Suite struct StreamedOutputTests {
    /// Every byte of the range arrives, whatever the alignment, and none beside it is touched.
    @Test(arguments: [1, 3, 4, 36, 2048, 5000])
    func streamedBlocksFillTheirRangeAlone(itemBytes: Int) {
        let items = 7000 / itemBytes + 3
        let output = StreamedOutput([TensorSpec(.uint8, [items * itemBytes])], [], itemBytes: itemBytes, cache: 0)
        #expect(output.isStreamed)
        for (offset, range) in [(0, 0..<items), (1, 0..<items), (36, 1..<items), (8, 2..<items - 1), (0, 2..<2)] {
            let size = offset + items * itemBytes + 64
            let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
            defer { memory.deallocate() }
            memory.initializeMemory(as: UInt8.self, repeating: 255, count: size)
            var seen = range.lowerBound
            output.forBlocks(range, of: memory + offset, inPlace: false) { block, result in
                #expect(block.lowerBound == seen)
                seen = block.upperBound
                for i in 0..<block.count * itemBytes {
                    result.storeBytes(of: UInt8((block.lowerBound * itemBytes + i) % 251), toByteOffset: i, as: UInt8.self)
                }
            }
            #expect(seen == range.upperBound)
            let wrong = (0..<size).first { at in
                let byte = at - offset
                let inside = byte >= range.lowerBound * itemBytes && byte < range.upperBound * itemBytes
                return memory.load(fromByteOffset: at, as: UInt8.self) != (inside ? UInt8(byte % 251) : 255)
            }
            #expect(wrong == nil)
        }
    }

    /// Small outputs, huge items and results that take over an input's memory are written in one go where they belong.
    @Test func othersAreWrittenInPlace() {
        let small = StreamedOutput([TensorSpec(.float32, [8])], [TensorSpec(.float32, [8])], itemBytes: 4, cache: 64)
        #expect(!small.isStreamed)
        #expect(!StreamedOutput([TensorSpec(.float32, [1 << 20])], [], itemBytes: 1 << 20, cache: 0).isStreamed)
        let large = StreamedOutput([TensorSpec(.float32, [8])], [TensorSpec(.float32, [8])], itemBytes: 4, cache: 63)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 32, alignment: 64)
        defer { memory.deallocate() }
        large.forBlocks(2..<8, of: memory, inPlace: true) { block, result in
            #expect(block == 2..<8)
            #expect(result == memory + 8)
        }
    }
}
