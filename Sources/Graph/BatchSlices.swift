import Ops
import Runtime
import TensorCore

/// A batch that goes through a whole computation in slices of some examples, so that what one node writes is still in the caches when the
/// next one reads it; node after node over the whole batch all values would come from memory.
///
/// Only for computations whose examples do not know of each other, and that assign nothing: inference.
struct BatchSlices: Sendable {
    /// Examples of the batch, of a slice, and the number of slices.
    let rows: Int
    let size: Int
    var count: Int { (rows + size - 1) / size }
    let isFeedBatched: [Bool]
    /// For each value of the program whether its first axis is that of the batch.
    private let isBatched: [Bool]

    /// nil where the examples depend on each other, or slices are not expected to pay.
    init?(_ program: Program, size wanted: Int? = nil) {
        guard program.assignments.isEmpty, let rows = program.feedSpecs.first?.shape.first, rows > 1,
            let isBatched = Self.batched(program, rows)
        else { return nil }
        guard let size = wanted ?? Costs(program, isBatched, rows).best(), size > 0, size < rows else { return nil }
        self.rows = rows
        self.size = size
        self.isBatched = isBatched
        isFeedBatched = program.feedSpecs.map { $0.shape.first == rows }
    }

    /// Follows the batch from the feeds to the fetches.
    private static func batched(_ program: Program, _ rows: Int) -> [Bool]? {
        var batched = program.values.map { value in
            if case .feed = value.origin { value.spec.shape.first == rows } else { false }
        }
        for node in program.nodes {
            let inputs = node.inputs.map { batched[$0] }
            guard inputs.contains(true) else { continue }
            guard node.op.isRowwise(program.specs(node.inputs), inputs, node.attributes) else { return nil }
            for output in node.outputs {
                guard program.values[output].spec.shape.first == rows else { return nil }
                batched[output] = true
            }
        }
        return program.fetches.allSatisfy { batched[$0] } ? batched : nil
    }

    /// The program of one slice.
    func apply(to program: Program) -> Program? {
        var sliced = program
        for value in sliced.values.indices where isBatched[value] {
            sliced.values[value].spec = sliced.values[value].spec.withBatch(size)
        }
        sliced.feedSpecs = zip(program.feedSpecs, isFeedBatched).map { $1 ? $0.withBatch(size) : $0 }
        for (index, node) in sliced.nodes.enumerated() where node.inputs.contains(where: { isBatched[$0] }) {
            let attributes = node.op.attributes(node.attributes, rows: size)
            sliced.nodes[index].attributes = attributes
            guard let specs = try? node.op.outputSpecs(sliced.specs(node.inputs), attributes), specs == sliced.specs(node.outputs) else {
                return nil
            }
        }
        sliced.notes.append("\(count) slices of \(size) examples")
        return sliced
    }
}

/// What a slice of so many examples is expected to cost: traffic between the cache levels, and what each node costs besides its work. The
/// numbers are round ones of today's processors; the choice depends on the shapes and the sizes of the caches alone.
private struct Costs {
    /// Bytes that each node reads and writes for an example, and those of parameters.
    private let nodes: [Int]
    private let parameters: Int
    private let rows: Int

    /// Nanoseconds.
    private static let node = 2000.0
    private static let cachedByte = 0.01
    private static let memoryByte = 0.035

    init(_ program: Program, _ isBatched: [Bool], _ rows: Int) {
        self.rows = rows
        nodes = program.nodes.compactMap { node in
            guard !KnownOps.aliases.contains(node.op.name) else { return nil }
            let batched = (node.inputs + node.outputs).filter { isBatched[$0] }
            return batched.isEmpty ? nil : program.specs(batched).reduce(0) { $0 + $1.byteCount } / rows
        }
        let read = Set(program.nodes.flatMap(\.inputs)).filter { !isBatched[$0] }
        parameters = program.specs(Array(read)).reduce(0) { $0 + $1.byteCount }
    }

    /// The number of examples whose slices cost least, if that saves a twentieth and more.
    func best() -> Int? {
        let whole = cost(rows)
        var best = (size: rows, cost: whole)
        var count = 2
        while count <= rows {
            let size = (rows + count - 1) / count
            let cost = Double((rows + size - 1) / size) * cost(size)
            if cost < best.cost { best = (size, cost) }
            count += max(1, count / 8)
        }
        return best.size < rows && best.cost < 0.95 * whole - Self.node ? best.size : nil
    }

    private func cost(_ size: Int) -> Double {
        var sum = Double(nodes.count) * Self.node
        var largest = 0
        for bytes in nodes {
            largest = max(largest, bytes * size)
            sum += Double(bytes * size) * perByte(bytes * size)
        }
        return sum + Double(parameters) * perByte(parameters + largest)
    }

    /// What a byte costs of a working set of so many: nothing in the second-level cache; the last level is shared, and gives way to memory
    /// by and by.
    private func perByte(_ bytes: Int) -> Double {
        if bytes <= CacheSizes.l2 { return 0 }
        let (few, many) = (Double(CacheSizes.kept) / 4, Double(CacheSizes.kept))
        let share = min(1, max(0, (Double(bytes) - few) / max(1, many - few)))
        return Self.cachedByte + share * (Self.memoryByte - Self.cachedByte)
    }
}
