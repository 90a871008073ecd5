import Synchronization
import Testing

@testable import Runtime

#if canImport(Glibc)
    import Glibc
#endif

@Suite(.serialized) struct PrefetchTests {
    private final class Watch: Sendable {
        let made = Atomic<Int>(0)
        let inUse = Atomic<Int>(0)
    }

    /// Lives as long as the thread's source.
    private final class Token: Sendable {
        let watch: Watch
        init(_ watch: Watch) {
            self.watch = watch
            watch.inUse.add(1, ordering: .relaxed)
        }
        deinit { watch.inUse.subtract(1, ordering: .relaxed) }
    }

    private func counting(to end: Int, _ watch: Watch = Watch(), ahead: Int, first: Int? = nil) throws -> Prefetch<Int> {
        try #require(
            Prefetch(ahead: ahead, first: first) {
                let token = Token(watch)
                var number = 0
                return {
                    guard number < end else { return nil }
                    withExtendedLifetime(token) { number += 1 }
                    watch.made.add(1, ordering: .sequentiallyConsistent)
                    return number - 1
                }
            })
    }

    /// Waits until the thread has made `count` items, and a little longer for one too many.
    private func settled(_ watch: Watch, _ count: Int) -> Int {
        for _ in 0..<2000 where watch.made.load(ordering: .sequentiallyConsistent) < count { usleep(1000) }
        usleep(20_000)
        return watch.made.load(ordering: .sequentiallyConsistent)
    }

    @Test func itemsComeInTheirOrder() throws {
        for ahead in 1...3 {
            for first in 1...ahead {
                for end in [0, 1, 2, 3, 5, 1000] {
                    let items = try counting(to: end, ahead: ahead, first: first)
                    var seen: [Int] = []
                    while let item = items.next() { seen.append(item) }
                    #expect(seen == Array(0..<end), "ahead \(ahead), first \(first)")
                    #expect(items.next() == nil)
                    items.close()
                }
            }
        }
    }

    @Test func noMoreIsMadeThanAgreed() throws {
        for (ahead, first) in [(1, 1), (2, 2), (3, 3), (2, 1), (3, 1), (3, 2)] {
            let watch = Watch()
            let items = try counting(to: 100, watch, ahead: ahead, first: first)
            #expect(settled(watch, first) == first)
            #expect(items.next() == 0)
            let second = first < ahead ? first : ahead + 1
            #expect(settled(watch, second) == second)
            #expect(items.next() == 1)
            #expect(settled(watch, ahead + 2) == ahead + 2)
            items.close()
            #expect(watch.made.load(ordering: .sequentiallyConsistent) == ahead + 2)
        }
    }

    @Test func closingEndsTheThreadAndFreesTheSource() throws {
        for taken in 0..<4 {
            let watch = Watch()
            let items = try counting(to: 1_000_000, watch, ahead: 2)
            for i in 0..<taken { #expect(items.next() == i) }
            items.close()
            #expect(watch.inUse.load(ordering: .relaxed) == 0)
            #expect(items.next() == nil)
        }
        // The end does it too.
        let watch = Watch()
        let items = try counting(to: 1, watch, ahead: 2)
        while items.next() != nil {}
        #expect(watch.inUse.load(ordering: .relaxed) == 0)
    }

    @Test func lettingGoEndsTheThread() throws {
        let watch = Watch()
        do { #expect(try counting(to: 1_000_000, watch, ahead: 2).next() == 0) }
        for _ in 0..<2000 where watch.inUse.load(ordering: .relaxed) > 0 { usleep(1000) }
        #expect(watch.inUse.load(ordering: .relaxed) == 0)
    }

    @Test func itemsThatNobodyTookAreFreed() throws {
        let watch = Watch()
        let items = try #require(Prefetch(ahead: 3) { { Token(watch) } })
        #expect(items.next() != nil)
        items.close()
        #expect(watch.inUse.load(ordering: .relaxed) == 0)
    }

    #if os(Linux)
        @Test func noThreadIsLeft() throws {
            for _ in 0..<50 {
                let items = try counting(to: 10, ahead: 2)
                _ = items.next()
                items.close()
            }
            for _ in 0..<2000 where try threads() > 0 { usleep(1000) }
            #expect(try threads() == 0)
        }

        /// How many threads of this process have the name that `Prefetch` gives them.
        private func threads() throws -> Int {
            let folder = try #require(opendir("/proc/self/task"))
            defer { closedir(folder) }
            var count = 0
            while let entry = readdir(folder) {
                let id = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                guard let file = fopen("/proc/self/task/\(id)/comm", "r") else { continue }
                defer { fclose(file) }
                var text = [CChar](repeating: 0, count: 32)
                guard fgets(&text, 32, file) != nil else { continue }
                if String(cString: text).hasPrefix("swiftconv-ahead") { count += 1 }
            }
            return count
        }
    #endif
}
