import CShims
import Ops
import Runtime
import TensorCore

/// An op with its attributes: what `sc_op` points to.
final class OpHandle: Sendable {
    let op: any Op
    let attributes: Attributes

    init(_ op: any Op, _ attributes: Attributes) {
        self.op = op
        self.attributes = attributes
    }

    /// The shape rule.
    func infer(_ inputs: [TensorSpec]) throws(ConvError) -> [TensorSpec] {
        var outputs: [TensorSpec] = []
        for output in try op.outputSpecs(inputs, attributes) { outputs.append(try output.validated(op.name)) }
        return outputs
    }
}

/// An op bound to input specs: what `sc_prepared` points to. Runs from several threads at once are fine: each takes its own workspace.
final class PreparedHandle: @unchecked Sendable {
    /// A `PreparedOp` made for one number of threads and one set of settings.
    fileprivate final class Binding: Sendable {
        let prepared: PreparedOp
        let threads: Int
        let version: UInt32

        init(_ handle: OpHandle, _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ constant: Int?) throws(ConvError) {
            version = Settings.version
            threads = ThreadCount.current
            let context = PrepareContext(threads: threads, constantInputs: constant.map { [$0] } ?? [])
            prepared = try handle.op.prepare(inputs, outputs, handle.attributes, context)
            guard prepared.workspaceBytes <= context.memoryLimit else {
                throw .beyondMemoryLimit(context.memoryLimit, handle.op.name, needs: prepared.workspaceBytes, "for \(inputs)")
            }
        }
    }

    let handle: OpHandle
    let inputs: [TensorSpec]
    let outputs: [TensorSpec]
    /// The input that stays the same over many runs, if one does.
    let constant: Int?
    private let inputBytes: [Int]
    private let outputBytes: [Int]
    private let inputCount: Int
    private let outputCount: Int
    /// The binding in use: a pointer to the last of `bindings`, which keeps them all alive for runs under way. There is one more only after
    /// a setting.
    private let current: UnsafeMutablePointer<UnsafeRawPointer?>
    private let lock: UnsafeMutablePointer<UInt32>
    private var bindings: [Binding]

    init(_ handle: OpHandle, _ inputs: [TensorSpec], constant: Int? = nil) throws(ConvError) {
        let outputs = try handle.infer(inputs)
        let binding = try Binding(handle, inputs, outputs, constant)
        self.constant = constant
        self.handle = handle
        self.inputs = inputs
        self.outputs = outputs
        inputBytes = inputs.map(\.byteCount)
        outputBytes = outputs.map(\.byteCount)
        inputCount = inputs.count
        outputCount = outputs.count
        current = .allocate(capacity: 1)
        current.initialize(to: UnsafeRawPointer(Unmanaged.passUnretained(binding).toOpaque()))
        lock = .allocate(capacity: 1)
        lock.initialize(to: 0)
        bindings = [binding]
    }

    deinit {
        current.deallocate()
        lock.deallocate()
    }

    var algorithm: String { (try? binding().prepared.algorithm) ?? "" }
    var flops: Int { (try? binding().prepared.flops) ?? 0 }
    var workspaceBytes: Int { (try? binding().prepared.workspaceBytes) ?? 0 }
    var threads: Int { (try? binding().threads) ?? 1 }

    @inline(__always)
    private func binding() throws(ConvError) -> Binding {
        if let pointer = sc_atomic_load_pointer(current) {
            let known = Unmanaged<Binding>.fromOpaque(pointer).takeUnretainedValue()
            if known.version == Settings.version { return known }
        }
        return try renewed()
    }

    /// A binding for the settings of now.
    @inline(never)
    private func renewed() throws(ConvError) -> Binding {
        let new = try Binding(handle, inputs, outputs, constant)
        sc_lock(lock)
        bindings.append(new)
        sc_atomic_store_pointer(current, UnsafeRawPointer(Unmanaged.passUnretained(new).toOpaque()))
        sc_unlock(lock)
        return new
    }

    @inline(__always)
    func run(
        _ inputs: UnsafePointer<UnsafeRawPointer?>?, _ outputs: UnsafePointer<UnsafeMutableRawPointer?>?, _ packed: PackedHandle? = nil
    ) throws(ConvError) {
        guard hasAll(inputs, outputs), let outputs else { return try runChecked(inputs, outputs) }
        // An array without NULL is one of pointers that cannot be NULL; where there are no inputs the op reads none.
        let dense = UnsafeRawPointer(inputs).map { $0.assumingMemoryBound(to: UnsafeRawPointer.self) } ?? placeholderPointers
        try runDense(dense, UnsafeRawPointer(outputs).assumingMemoryBound(to: UnsafeMutableRawPointer.self), packed)
    }

    @inline(__always)
    private func hasAll(_ inputs: UnsafePointer<UnsafeRawPointer?>?, _ outputs: UnsafePointer<UnsafeMutableRawPointer?>?) -> Bool {
        if let inputs {
            for i in 0..<inputCount where inputs[i] == nil { return false }
        } else if inputCount > 0 {
            return false
        }
        guard let outputs else { return false }
        for i in 0..<outputCount where outputs[i] == nil { return false }
        return true
    }

    @inline(__always)
    private func runDense(
        _ inputs: UnsafePointer<UnsafeRawPointer>, _ outputs: UnsafePointer<UnsafeMutableRawPointer>, _ kept: PackedHandle? = nil
    ) throws(ConvError) {
        let binding = try binding()
        let prepared = binding.prepared
        let packed = kept?.memory(for: binding)
        let saved = sc_fp_enter()
        defer { sc_fp_leave(saved) }
        guard prepared.workspaceBytes > 0 else {
            return try prepared.run(OpArguments(inputs: inputs, outputs: outputs, workspace: placeholder, packed: packed))
        }
        guard let workspace = BufferPool.acquire(prepared.workspaceBytes) else {
            throw .outOfMemory("\(handle.op.name): \(prepared.workspaceBytes) bytes of workspace cannot be had")
        }
        defer { BufferPool.release(workspace, prepared.workspaceBytes) }
        try prepared.run(OpArguments(inputs: inputs, outputs: outputs, workspace: workspace, packed: packed))
    }

    /// Whether a run would use `packed`; not after a setting has changed.
    func accepts(_ packed: PackedHandle) -> Bool { (try? binding()).map { packed.memory(for: $0) != nil } ?? false }

    /// The packed form of the constant input's content `data`, which must stay as it is while this is used; nil where the algorithm
    /// packs nothing, or the memory limit or the system has no room for it.
    func pack(_ data: UnsafeRawPointer) throws(ConvError) -> PackedHandle? {
        guard let constant else {
            throw .invalidArgument("sc_prepared_pack: prepared: expected an op prepared by sc_op_prepare_constant")
        }
        let binding = try binding()
        guard let prepack = binding.prepared.prepack, prepack.input == constant, inputBytes[constant] > 0,
            prepack.bytes <= Settings.current.memoryLimit ?? Int.max
        else { return nil }
        return PackedHandle(binding, prepack, data)
    }

    /// The way for a NULL among the pointers: fine where the tensor is empty, else an error.
    @inline(never)
    private func runChecked(
        _ inputs: UnsafePointer<UnsafeRawPointer?>?, _ outputs: UnsafePointer<UnsafeMutableRawPointer?>?
    ) throws(ConvError) {
        var denseInputs: [UnsafeRawPointer] = []
        for (i, bytes) in inputBytes.enumerated() {
            denseInputs.append(try pointer(inputs?[i], bytes, "input \(i)"))
        }
        var denseOutputs: [UnsafeMutableRawPointer] = []
        for (i, bytes) in outputBytes.enumerated() {
            denseOutputs.append(UnsafeMutableRawPointer(mutating: try pointer(UnsafeRawPointer(outputs?[i]), bytes, "output \(i)")))
        }
        denseInputs.append(UnsafeRawPointer(placeholder))  // never without an address
        denseOutputs.append(placeholder)
        try denseInputs.withUnsafeBufferPointer { inputs throws(ConvError) in
            try denseOutputs.withUnsafeBufferPointer { outputs throws(ConvError) in
                guard let inputs = inputs.baseAddress, let outputs = outputs.baseAddress else { return }
                try runDense(inputs, outputs)
            }
        }
    }

    private func pointer(_ pointer: UnsafeRawPointer?, _ bytes: Int, _ what: String) throws(ConvError) -> UnsafeRawPointer {
        if let pointer { return pointer }
        guard bytes == 0 else { throw .invalidArgument("\(handle.op.name): \(what): expected a pointer, received NULL") }
        return UnsafeRawPointer(placeholder)
    }
}

/// What a prepared op made of its constant input: what `sc_packed` points to.
final class PackedHandle: @unchecked Sendable {
    private let binding: PreparedHandle.Binding
    private let bytes: Int
    private let storage: UnsafeMutableRawPointer

    fileprivate init?(_ binding: PreparedHandle.Binding, _ prepack: PreparedOp.Prepack, _ data: UnsafeRawPointer) {
        guard let storage = BufferPool.acquire(max(64, prepack.bytes)) else { return nil }
        self.binding = binding
        self.storage = storage
        bytes = max(64, prepack.bytes)
        withKernelFloatingPoint { prepack.run(data, storage) }
    }

    deinit { BufferPool.release(storage, bytes) }

    /// nil where the op was prepared anew since (another number of threads, another setting): its algorithm may be another.
    @inline(__always)
    fileprivate func memory(for binding: PreparedHandle.Binding) -> UnsafeRawPointer? {
        binding === self.binding ? UnsafeRawPointer(storage) : nil
    }
}

/// An address for what has no bytes.
private nonisolated(unsafe) let placeholder: UnsafeMutableRawPointer = .allocate(byteCount: 64, alignment: 64)
private nonisolated(unsafe) let placeholderPointers: UnsafePointer<UnsafeRawPointer> = {
    let memory = UnsafeMutablePointer<UnsafeRawPointer>.allocate(capacity: 1)
    memory.initialize(to: UnsafeRawPointer(placeholder))
    return UnsafePointer(memory)
}()
