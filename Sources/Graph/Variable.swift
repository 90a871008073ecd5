import Synchronization
import TensorCore

/// Memory with a type and a shape that graphs read and update; it outlives them.
///
/// Executables keep forms made from a variable's content (packed filters, folded weights) until its `version` changes. Their own assignments
/// change it. Whoever writes from outside takes the memory through `lend` and then nothing made from the content is kept between
/// runs, unless they call `touch` after each write: the first call is the promise to do so ever after.
package final class Variable: Sendable {
    package let spec: TensorSpec
    private let storage: Storage
    private let counter = Atomic<Int>(0)
    private let lent = Atomic<Bool>(false)
    private let promised = Atomic<Bool>(false)

    /// Filled with zeros.
    package init(_ spec: TensorSpec) throws(ConvError) {
        self.spec = try spec.validated("variable")
        self.storage = try Storage(zeroed: spec.byteCount, for: "variable of spec \(spec)")
    }

    /// The content: 64-byte aligned, as long-lived as the variable. For those who read, or call `touch` after they wrote.
    package var data: UnsafeMutableRawPointer { storage.base }
    package var byteCount: Int { spec.byteCount }

    /// Changes with every write that is known of.
    package var version: Int { counter.load(ordering: .acquiring) }

    /// Whether writes may happen that nobody reports.
    package var isLent: Bool { lent.load(ordering: .relaxed) }

    /// The memory for someone who may write to it at any time.
    package func lend() -> UnsafeMutableRawPointer {
        if !promised.load(ordering: .relaxed) { lent.store(true, ordering: .relaxed) }
        return storage.base
    }

    /// Says that the content was written from outside, and that every later write will be followed by a call of this.
    package func touch() {
        promised.store(true, ordering: .relaxed)
        lent.store(false, ordering: .relaxed)
        wasWritten()
    }

    /// Says that an executable wrote the content.
    func wasWritten() { counter.wrappingAdd(1, ordering: .releasing) }
}
