import Synchronization
import TensorCore

/// Memory with a type and a shape that graphs read and update; it outlives them.
///
/// Executables keep forms made from a variable's content (packed filters, folded weights) until its `version` changes. Assignments of graphs
/// change it by themselves; whoever writes through `data` from outside must call `touch` after the write. A door that cannot
/// promise that calls `lend` instead: from then on nothing made from the content is kept between runs.
package final class Variable: Sendable {
    package let spec: TensorSpec
    private let storage: Storage
    private let counter = Atomic<Int>(0)
    private let lent = Atomic<Bool>(false)

    /// Filled with zeros.
    package init(_ spec: TensorSpec) throws(ConvError) {
        self.spec = try spec.validated("variable")
        self.storage = try Storage(zeroed: spec.byteCount, for: "variable of spec \(spec)")
    }

    /// The content: 64-byte aligned, as long-lived as the variable.
    package var data: UnsafeMutableRawPointer { storage.base }
    package var byteCount: Int { spec.byteCount }

    /// Changes with every write that is known of.
    package var version: Int { counter.load(ordering: .acquiring) }

    /// Says that the content was written from outside.
    package func touch() { counter.wrappingAdd(1, ordering: .releasing) }

    /// Whether writes may happen that nobody reports.
    package var isLent: Bool { lent.load(ordering: .relaxed) }

    /// Gives the memory away to someone who will not call `touch`.
    package func lend() -> UnsafeMutableRawPointer {
        lent.store(true, ordering: .relaxed)
        return storage.base
    }
}
