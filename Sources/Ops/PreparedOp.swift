import Runtime
import TensorCore

/// What an op may know of the place where it will run.
package struct PrepareContext: Sendable {
    /// The most threads that `run` may use (pass it to `parallelFor`); results must not depend on it.
    package var threads: Int
    package var precision: Precision
    /// The most bytes of workspace; algorithms that need more are passed over.
    package var memoryLimit: Int
    package var autotune: Bool
    /// The algorithm to take if it is offered and fits: that of an earlier preparation, so that the bits stay.
    package var algorithm: String?
    /// Inputs whose content stays the same over many runs, so that `prepack` is paid once (constants, weights at inference).
    package var constantInputs: [Int]
    /// The bytes of all constants of the graph: what a run reads again before it comes back to this op.
    package var constantBytes: Int

    package init(
        threads: Int, constantInputs: [Int] = [], constantBytes: Int = 0, settings: Settings.Values = Settings.current,
        algorithm: String? = nil
    ) {
        self.threads = threads
        self.constantInputs = constantInputs
        self.constantBytes = constantBytes
        precision = settings.precision
        memoryLimit = settings.memoryLimit ?? Int.max
        autotune = settings.autotune
        self.algorithm = algorithm
    }
}

/// The memory of one run.
package struct OpArguments: @unchecked Sendable {
    package var inputs: UnsafePointer<UnsafeRawPointer>
    package var outputs: UnsafePointer<UnsafeMutableRawPointer>
    /// `workspaceBytes` bytes, 64-byte aligned, of any content.
    package var workspace: UnsafeMutableRawPointer
    /// What `PreparedOp.prepack` wrote, or nil: then `run` packs for itself into its workspace.
    package var packed: UnsafeRawPointer?

    package init(
        inputs: UnsafePointer<UnsafeRawPointer>, outputs: UnsafePointer<UnsafeMutableRawPointer>,
        workspace: UnsafeMutableRawPointer, packed: UnsafeRawPointer? = nil
    ) {
        self.inputs = inputs
        self.outputs = outputs
        self.workspace = workspace
        self.packed = packed
    }

    @inline(__always) package func input<T>(_ index: Int, _: T.Type = T.self) -> UnsafePointer<T> {
        inputs[index].assumingMemoryBound(to: T.self)
    }
    @inline(__always) package func output<T>(_ index: Int, _: T.Type = T.self) -> UnsafeMutablePointer<T> {
        outputs[index].assumingMemoryBound(to: T.self)
    }
}

/// An op bound to shapes, types and an algorithm: it can be run any number of times, from one thread at a time per workspace.
package struct PreparedOp: Sendable {
    /// The form of one input that can be made once and kept while that input does not change.
    package struct Prepack: Sendable {
        package var input: Int
        package var bytes: Int
        package var run: @Sendable (_ input: UnsafeRawPointer, _ packed: UnsafeMutableRawPointer) -> Void
        package init(input: Int, bytes: Int, run: @escaping @Sendable (UnsafeRawPointer, UnsafeMutableRawPointer) -> Void) {
            self.input = input
            self.bytes = bytes
            self.run = run
        }
    }

    /// The way chosen, for reports: "direct", "winograd-4x4", "elementwise" …
    package var algorithm: String
    /// Additions and multiplications of the textbook formula.
    package var flops: Int
    package var workspaceBytes: Int
    package var prepack: Prepack?
    /// Only what depends on the data is thrown here (a label out of range): shapes were checked before.
    package var run: @Sendable (OpArguments) throws(ConvError) -> Void

    package init(
        algorithm: String, flops: Int = 0, workspaceBytes: Int = 0, prepack: Prepack? = nil,
        run: @escaping @Sendable (OpArguments) throws(ConvError) -> Void
    ) {
        self.algorithm = algorithm
        self.flops = flops
        self.workspaceBytes = workspaceBytes
        self.prepack = prepack
        self.run = run
    }
}
