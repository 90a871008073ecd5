import CShims
import TensorCore
import Testing

@testable import Runtime

@Suite(.serialized) struct BufferPoolTests {
    @Test func sizeClassesHoldWhatTheyAreAskedFor() {
        var last = SizeClass(0)!
        #expect(last.bytes == 64)
        for bytes in Array(0...5000) + [1 << 20, (1 << 20) + 1, (1 << 30) - 1, (1 << 47) - 1, 1 << 47] {
            let kind = SizeClass(bytes)!
            #expect(kind.bytes >= bytes)
            #expect(kind.bytes <= max(64, bytes + bytes / 4 + 64))
            #expect(SizeClass.bytes(kind.index) == kind.bytes)
            #expect(kind.index < SizeClass.count)
            #expect(kind.index >= last.index)
            last = kind
        }
        #expect(SizeClass(-1) == nil)
        #expect(SizeClass((1 << 47) + 1) == nil)
        #expect(SizeClass(Int.max) == nil)
    }

    @Test func blocksAreAlignedWritableAndReused() throws {
        for bytes in [0, 1, 64, 100, 4096, 1 << 20, 5 << 20, 9_000_001] {
            let block = try #require(BufferPool.acquire(bytes))
            #expect(UInt(bitPattern: block) % 64 == 0)
            block.initializeMemory(as: UInt8.self, repeating: 7, count: bytes)
            BufferPool.release(block, bytes)
        }
        // Another test may take the block in between; not every time.
        let reused = try (0..<100).contains { _ in
            let a = try #require(BufferPool.acquire(123_457))
            BufferPool.release(a, 123_457)
            let b = try #require(BufferPool.acquire(123_400))
            let c = try #require(BufferPool.acquire(123_400))
            #expect(c != b)
            BufferPool.release(b, 123_400)
            BufferPool.release(c, 123_400)
            return a == b
        }
        #expect(reused)
    }

    /// Loads from one block do not wait for stores to another: their addresses differ in the twelve low bits.
    @Test func largeBlocksBeginAtDifferentPlacesOfAPage() throws {
        for bytes in [16 << 10, 1 << 20, 6 << 20] as [UInt64] {
            let blocks = try (0..<8).map { _ in try #require(sc_memory_allocate(bytes)) }
            let places = blocks.map { UInt(bitPattern: $0) }
            #expect(places.allSatisfy { $0 % 64 == 0 })
            // others may allocate in between
            #expect(Set(places.map { $0 % 2048 }).count >= 4)
            for block in blocks {
                block.initializeMemory(as: UInt8.self, repeating: 7, count: Int(bytes))
                sc_memory_free(block, bytes)
            }
        }
    }

    @Test func whatIsKeptIsBounded() throws {
        // Untouched pages cost nothing.
        let bytes = 100 << 20
        let blocks = try (0..<8).map { _ in try #require(BufferPool.acquire(bytes)) }
        for block in blocks { BufferPool.release(block, bytes) }
        #expect(BufferPool.keptBytes <= BufferPool.limit)
        #expect(BufferPool.keptBytes >= bytes)
        BufferPool.trim(to: 0)
        #expect(BufferPool.keptBytes < bytes)  // other tests may release at the same time
    }

    @Test func whatCannotBeHadIsAnError() {
        #expect(BufferPool.acquire(-1) == nil)
        #expect(BufferPool.acquire(Int.max) == nil)
        #expect(BufferPool.acquire(1 << 47) == nil)
        BufferPool.release(nil, 5)
        #expect { try AlignedBuffer(byteCount: 1 << 47, for: "weights") } throws: {
            ($0 as? ConvError)?.kind == .outOfMemory && ($0 as? ConvError)?.message.contains("weights") == true
        }
        #expect(throws: ConvError.self) { try ScratchArena.withBytes(-5) { _ in } }
    }

    @Test func zeroedBuffersAreZero() throws {
        for _ in 0..<3 {
            let buffer = try AlignedBuffer(zeroed: 1000)
            let bytes = buffer.base.assumingMemoryBound(to: UInt8.self)
            #expect((0..<1000).allSatisfy { bytes[$0] == 0 })
            buffer.base.initializeMemory(as: UInt8.self, repeating: 0xFF, count: 1000)
        }
    }
}
