import CKernelInterface
import Runtime
import TensorCore

/// z = f(x, y) with NumPy's broadcasting, for the functions of the table below.
struct BinaryOp: Op {
    enum Kind: Sendable { case arithmetic, floating, comparison, logical }

    let name: String
    let function: Int
    var kind: Kind = .arithmetic

    static let all: [any Op] = [
        BinaryOp(name: "add", function: SC_ADD),
        BinaryOp(name: "subtract", function: SC_SUBTRACT),
        BinaryOp(name: "multiply", function: SC_MULTIPLY),
        BinaryOp(name: "divide", function: SC_DIVIDE, kind: .floating),
        BinaryOp(name: "power", function: SC_POWER),
        BinaryOp(name: "maximum", function: SC_MAXIMUM),
        BinaryOp(name: "minimum", function: SC_MINIMUM),
        BinaryOp(name: "squared_difference", function: SC_SQUARED_DIFFERENCE),
        BinaryOp(name: "floor_divide", function: SC_FLOOR_DIVIDE),
        BinaryOp(name: "mod", function: SC_MOD),
        BinaryOp(name: "equal", function: SC_EQUAL, kind: .comparison),
        BinaryOp(name: "not_equal", function: SC_NOT_EQUAL, kind: .comparison),
        BinaryOp(name: "less", function: SC_LESS, kind: .comparison),
        BinaryOp(name: "less_equal", function: SC_LESS_EQUAL, kind: .comparison),
        BinaryOp(name: "greater", function: SC_GREATER, kind: .comparison),
        BinaryOp(name: "greater_equal", function: SC_GREATER_EQUAL, kind: .comparison),
        BinaryOp(name: "logical_and", function: SC_LOGICAL_AND, kind: .logical),
        BinaryOp(name: "logical_or", function: SC_LOGICAL_OR, kind: .logical),
        BinaryOp(name: "logical_xor", function: SC_LOGICAL_XOR, kind: .logical),
    ]

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 2...2)
        let dtype = inputs[0].dtype
        guard inputs[1].dtype == dtype else {
            throw .wrongType("\(name): y: expected \(dtype), the type of x, received \(inputs[1].dtype); cast one of them")
        }
        switch kind {
        case .floating:
            guard dtype.isFloating else {
                throw .wrongType("\(name): x: expected float32 or float64, received \(dtype); use floor_divide or cast first")
            }
        case .arithmetic:
            guard dtype != .bool else { throw .wrongType("\(name): x: expected a number type, received bool; use the logical ops or cast") }
        case .logical:
            guard dtype == .bool else { throw .wrongType("\(name): x: expected bool, received \(dtype)") }
        case .comparison: break
        }
        let shape = try Broadcast.shape(name, inputs.map(\.shape))
        return [try TensorSpec(kind == .comparison ? .bool : dtype, shape).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        let run = BroadcastBinary(function: function, inputs, outputs[0], threads: context.threads)
        let divides = (function == SC_FLOOR_DIVIDE || function == SC_MOD) && inputs[0].dtype.isInteger
        guard divides else {
            return PreparedOp(algorithm: run.algorithm, flops: outputs[0].count, workspaceBytes: run.workspaceBytes) { run($0) }
        }
        let name = name
        let divisors = inputs[1].count
        let dtype = inputs[1].dtype
        return PreparedOp(algorithm: run.algorithm, flops: outputs[0].count, workspaceBytes: run.workspaceBytes) {
            arguments throws(ConvError) in
            guard !hasZero(arguments.inputs[1], dtype, divisors) else { throw .invalidArgument("\(name): y: integer division by zero") }
            run(arguments)
        }
    }

    func isRowwise(_ inputs: [TensorSpec], _ batched: [Bool], _ attributes: Attributes) -> Bool { Broadcast.isRowwise(inputs, batched) }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        guard let dz = outputGradients[0], kind == .arithmetic || kind == .floating else { return [nil, nil] }
        return try binaryGradient(name, call, dz, graph)
    }

    func reusableInputs(_ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes) -> [Int?] {
        [inputs.firstIndex { $0 == outputs[0] }]
    }
}

private func hasZero(_ p: UnsafeRawPointer, _ dtype: DataType, _ count: Int) -> Bool {
    func look<T: FixedWidthInteger>(_: T.Type) -> Bool {
        UnsafeBufferPointer(start: p.assumingMemoryBound(to: T.self), count: count).contains(0)
    }
    switch dtype {
    case .int32: return look(Int32.self)
    case .int64: return look(Int64.self)
    default: return look(UInt8.self)
    }
}

/// A binary kernel bound to two broadcast operands.
struct BroadcastBinary: Sendable {
    let kernel: @convention(c) (Int, Int, Int, UnsafeRawPointer?, Int, UnsafeRawPointer?, Int, UnsafeMutableRawPointer?) -> Void
    let function: Int
    let dtype: Int
    let size: Int
    let outputSize: Int
    let plan: Broadcast
    let threads: Int
    let output: StreamedOutput
    /// A short vector under many rows is written `repeats` times into the workspace, so that the inner loop is long; 0: not so.
    let repeats: Int
    /// Which operand is that vector.
    let vectorOperand: Int

    /// Inner loops shorter than this cost more in calls than in work.
    private static let shortLoop = 256

    init(function: Int, _ inputs: [TensorSpec], _ output: TensorSpec, threads: Int) {
        kernel = Kernels.table.elementwise.binary!
        self.function = function
        self.threads = threads
        dtype = Int(inputs[0].dtype.rawValue)
        size = inputs[0].dtype.size
        outputSize = output.dtype.size
        plan = Broadcast(inputs.map(\.shape), to: output.shape)
        let isShort = plan.dims.count == 1 && plan.inner <= Self.shortLoop && plan.innerSteps == [1, 1]
        if isShort, let vector = plan.steps.firstIndex(of: [0]), plan.steps[1 - vector] == [plan.inner] {
            vectorOperand = vector
            repeats = min(plan.dims[0], 4 * Self.shortLoop / plan.inner)
        } else {
            vectorOperand = 0
            repeats = 0
        }
        self.output = StreamedOutput(inputs, [output], itemBytes: outputSize * (repeats > 0 ? plan.inner : 1))
    }

    var algorithm: String { plan.dims.isEmpty ? "elementwise" : "broadcast" }
    var workspaceBytes: Int { repeats * plan.inner * size }

    func callAsFunction(_ arguments: OpArguments) {
        if plan.outer == 0 || plan.inner == 0 { return }
        if repeats > 0 {
            runRepeated(arguments)
        } else {
            runPlain(arguments)
        }
    }

    private func runRepeated(_ arguments: OpArguments) {
        let bytes = plan.inner * size
        for i in 0..<repeats { (arguments.workspace + i * bytes).copyMemory(from: arguments.inputs[vectorOperand], byteCount: bytes) }
        let vector = UnsafeRawPointer(arguments.workspace)
        let other = arguments.inputs[1 - vectorOperand]
        let z = arguments.outputs[0]
        parallelFor(plan.dims[0], grain: max(1, elementGrain / plan.inner), threads: threads) { rows, _ in
            output.forBlocks(rows, of: z, inPlace: other == z) { block, z in
                var row = block.lowerBound
                while row < block.upperBound {
                    let count = min(repeats, block.upperBound - row) * plan.inner
                    let moving = other + row * bytes
                    let result = z + (row - block.lowerBound) * output.itemBytes
                    if vectorOperand == 1 {
                        kernel(function, dtype, count, moving, 1, vector, 1, result)
                    } else {
                        kernel(function, dtype, count, vector, 1, moving, 1, result)
                    }
                    row += repeats
                }
            }
        }
    }

    private func runPlain(_ arguments: OpArguments) {
        let x = arguments.inputs[0]
        let y = arguments.inputs[1]
        let z = arguments.outputs[0]
        let (xs, ys) = (plan.innerSteps[0], plan.innerSteps[1])
        if plan.dims.isEmpty {
            parallelFor(plan.inner, grain: elementGrain, threads: threads) { range, _ in
                output.forBlocks(range, of: z, inPlace: z == x || z == y) { block, z in
                    let start = block.lowerBound * size
                    kernel(function, dtype, block.count, x + start * xs, xs, y + start * ys, ys, z)
                }
            }
        } else {
            parallelFor(plan.outer, grain: max(1, elementGrain / plan.inner), threads: threads) { range, _ in
                plan.forEach(range) { index, offsets in
                    kernel(
                        function, dtype, plan.inner, x + offsets.0 * size, xs, y + offsets.1 * size, ys, z + index * plan.inner * outputSize
                    )
                }
            }
        }
    }
}
