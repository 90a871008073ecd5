import CShims

/// Items made by a thread of its own, a bounded number ahead of the one who takes them: in their order, whatever the speed of either.
///
/// `next` and `close` belong to one thread at a time. The thread holds no reference to its `Prefetch`, which may thus be let go.
package final class Prefetch<Item: Sendable> {
    private let line: Line<Item>
    private var isEnded = false

    /// - ahead: how many items are made before they are asked for, at least 1.
    /// - first: how many before the second one is asked for: with 1, nothing is made while the first item is used.
    /// - source: called by the thread; gives what makes the items, nil after the last. The thread lets go of it before `close` returns.
    ///
    /// nil where the system refuses a thread.
    package init?(ahead: Int, first: Int? = nil, source: @escaping @Sendable () -> () -> Item?) {
        let ahead = max(1, ahead)
        line = Line(ahead: ahead, first: min(ahead, max(1, first ?? ahead)), source)
        guard line.start() else { return nil }
    }

    /// The next item; nil after the last one.
    package func next() -> Item? {
        if isEnded { return nil }
        if let item = line.take() { return item }
        close()
        return nil
    }

    /// Ends the thread after the item that it is making, and lets go of what was made.
    package func close() {
        if isEnded { return }
        isEnded = true
        line.stop()
        line.awaitEnd()
    }

    deinit { if !isEnded { line.stop() } }
}

/// What a C thread can be handed.
private class Making {
    func makeAll() {}
}

/// What both threads know. Each word of the atomics has one writer, but for `permitted` at the end.
private final class Line<Item: Sendable>: Making, @unchecked Sendable {
    private let source: @Sendable () -> () -> Item?
    private let ahead: Int
    private let first: Int
    /// Item `n` lies in `places[n % capacity]`; nil behind the last one.
    private let places: UnsafeMutablePointer<Item?>
    private let capacity: Int
    /// How many items may be made, how many are made (the end counts too), whether the thread must stop, whether it is gone.
    private let permitted: UnsafeMutablePointer<UInt32>
    private let made: UnsafeMutablePointer<UInt32>
    private let stopping: UnsafeMutablePointer<UInt32>
    private let gone: UnsafeMutablePointer<UInt32>
    /// Of the one who takes.
    private var taken = 0
    /// In UInt32s: words of different threads lie 128 bytes apart, for processors fetch lines in pairs.
    private static var stride: Int { 32 }

    init(ahead: Int, first: Int, _ source: @escaping @Sendable () -> () -> Item?) {
        self.source = source
        self.ahead = ahead
        self.first = first
        capacity = ahead + 1
        places = .allocate(capacity: capacity)
        places.initialize(repeating: nil, count: capacity)
        permitted = .allocate(capacity: 3 * Self.stride)
        permitted.initialize(repeating: 0, count: 3 * Self.stride)
        stopping = permitted + 1
        made = permitted + Self.stride
        gone = permitted + 2 * Self.stride
        sc_atomic_store(permitted, UInt32(first))
    }

    deinit {
        places.deinitialize(count: capacity)
        places.deallocate()
        permitted.deallocate()
    }

    func start() -> Bool {
        let context = Unmanaged<Making>.passRetained(self)
        let status = sc_thread_start(
            { raw in
                guard let raw else { return }
                Unmanaged<Making>.fromOpaque(raw).takeRetainedValue().makeAll()
            }, context.toOpaque(), "swiftconv-ahead")
        if status != 0 { context.release() }
        return status == 0
    }

    // MARK: the thread

    override func makeAll() {
        makeItems()
        sc_atomic_store(gone, 1)
        sc_wake(gone, 1)
    }

    private func makeItems() {
        let next = source()
        var count = 0
        while awaitPermission(beyond: UInt32(truncatingIfNeeded: count)) {
            let item = next()
            places[count % capacity] = item
            count += 1
            sc_atomic_store(made, UInt32(truncatingIfNeeded: count))
            sc_wake(made, 1)
            if item == nil { return }
        }
    }

    /// false when it must stop.
    private func awaitPermission(beyond count: UInt32) -> Bool {
        while true {
            let now = sc_atomic_load(permitted)
            if sc_atomic_load(stopping) != 0 { return false }
            if now != count { return true }
            sc_wait(permitted, now)
        }
    }

    // MARK: the one who takes

    func take() -> Item? {
        let isLate = first < ahead
        if isLate, taken == 1 { permit(UInt32(ahead - first + 1)) }
        let word = UInt32(truncatingIfNeeded: taken)
        while sc_atomic_load(made) == word { sc_wait(made, word) }
        let place = places + taken % capacity
        let item = place.pointee
        place.pointee = nil
        taken += 1
        if !isLate || taken > 1 { permit(1) }
        return item
    }

    private func permit(_ more: UInt32) {
        _ = sc_atomic_add(permitted, more)
        sc_wake(permitted, 1)
    }

    func stop() {
        sc_atomic_store(stopping, 1)
        permit(1)
    }

    func awaitEnd() {
        while sc_atomic_load(gone) == 0 { sc_wait(gone, 0) }
        for i in 0..<capacity { places[i] = nil }
    }
}
