import Graph
import Runtime
import TensorCore

/// A batch as the engine reads it: where the numbers lie, and who keeps them.
///
/// `Sendable`: the owners keep the memory, and who makes a batch writes no more to it until that batch is used up.
struct Feeds: @unchecked Sendable {
    var form: BatchForm
    var pointers: [UnsafeRawPointer?]
    var owners: [Storage]
    var count: Int
}

/// The types and shapes of a batch.
struct BatchForm: Hashable, Sendable {
    var inputs: [TensorSpec]
    var labels: [TensorSpec]
    var weights: [TensorSpec?]
}

/// Gives batches, epoch after epoch.
protocol BatchSource: AnyObject {
    /// How many batches an epoch has, where that is known.
    var count: Int? { get }
    /// Begins at the start; at most `limit` batches will be asked for.
    func restart(limit: Int?)
    /// The next batch; nil at the end. It is valid until the next call.
    func next() throws(SwiftConvError) -> Feeds?
    /// Ends what makes batches ahead.
    func close()
}

extension Feeds {
    /// A batch that lies in tensors.
    init(_ examples: Examples, outputs: Int, _ what: String) throws(SwiftConvError) {
        count = try examples.count(what, outputs: outputs)
        let weights = try examples.weights(outputs: outputs, what)
        form = BatchForm(inputs: examples.inputs.map(\.spec), labels: examples.labels.map(\.spec), weights: weights.map { $0?.spec })
        owners = []
        for tensor in examples.inputs + examples.labels + weights.compactMap({ $0 }) { owners.append(try tensor.storage(what)) }
        pointers = owners.map { UnsafeRawPointer($0.base) }
    }
}

/// Batches of tensors that hold all examples: without a copy while these stand in their order. Where they are gathered and a processor
/// is idle, a thread gathers ahead.
final class TensorBatches: BatchSource {
    /// Batches that are made before they are asked for.
    static let ahead = 2
    /// Batches of fewer bytes are gathered at once: to hand one over costs as much as to gather it.
    private static let worthAThread = 64 << 10

    private let rows: BatchRows
    private let size: Int
    private var order: [Int]
    private let isShuffled: Bool
    private let isAhead: Bool
    private var random = SplitMix64(seed: 0)
    private var position = 0
    private var made: Prefetch<Feeds>?

    /// `isAhead`: whether a thread gathers shuffled batches; nil where it pays. `seed`: of the shuffling; nil from the global generator.
    init(
        _ examples: Examples, range: Range<Int>? = nil, batchSize: Int, shuffle: Bool, outputs: Int, _ what: String,
        isAhead: Bool? = nil, seed: Int64? = nil
    ) throws(SwiftConvError) {
        let all = try examples.count(what, outputs: outputs)
        let range = range ?? 0..<all
        guard batchSize > 0 else { throw .invalidArgument("\(what): batchSize: expected at least 1, received \(batchSize)") }
        size = Swift.min(batchSize, range.count)
        let bytes = examples.inputs.reduce(0) { $0 + $1.spec.byteCount } / Swift.max(1, all) * size
        // With all processors at work on the step, whoever gathers takes the time from it.
        let pays = bytes >= Self.worthAThread && ThreadCount.hasIdleProcessor
        self.isAhead = shuffle && size < range.count && isAhead ?? pays
        // One that is used, and those that are made meanwhile.
        let buffers = shuffle ? (self.isAhead ? 1 + Self.ahead : 1) : 0
        rows = try BatchRows(examples, size, outputs: outputs, buffers: buffers, what)
        order = Array(range)
        isShuffled = shuffle
        if shuffle { random = SplitMix64(seed: UInt64(bitPattern: seed ?? Random.newSeed())) }
    }

    var count: Int? { (order.count + size - 1) / size }

    func restart(limit: Int?) {
        close()
        position = 0
        if isShuffled { order.shuffle(using: &random) }
        let batches = Swift.min(limit ?? .max, (order.count + size - 1) / size)
        guard isAhead, batches > 1 else { return }
        let (rows, order, size) = (rows, order, size)
        made = Prefetch(ahead: Self.ahead) {
            var number = 0
            return {
                guard number < batches else { return nil }
                defer { number += 1 }
                return rows.batch(order[number * size..<Swift.min((number + 1) * size, order.count)], number)
            }
        }
    }

    func next() throws(SwiftConvError) -> Feeds? {
        if let made { return made.next() }
        guard position < order.count else { return nil }
        let batch = order[position..<Swift.min(position + size, order.count)]
        position += batch.count
        return rows.batch(batch, 0)
    }

    func close() {
        made?.close()
        made = nil
    }
}

/// The rows of all tensors of the examples.
private struct BatchRows: Sendable {
    private let inputs: [Rows]
    private let labels: [Rows]
    private let weights: [Rows?]
    private let all: [Rows]

    init(_ examples: Examples, _ size: Int, outputs: Int, buffers: Int, _ what: String) throws(SwiftConvError) {
        func rows(_ tensor: Tensor) throws(SwiftConvError) -> Rows { try Rows(tensor, size, buffers: buffers) }
        var made: [Rows] = []
        for tensor in examples.inputs { made.append(try rows(tensor)) }
        inputs = made
        made = []
        for tensor in examples.labels { made.append(try rows(tensor)) }
        labels = made
        var weighing: [Rows?] = []
        for tensor in try examples.weights(outputs: outputs, what) {
            guard let tensor else {
                weighing.append(nil)
                continue
            }
            weighing.append(try rows(tensor))
        }
        weights = weighing
        all = inputs + labels + weighing.compactMap { $0 }
    }

    /// The batch of these examples, in the buffers that are next.
    func batch(_ examples: ArraySlice<Int>, _ number: Int) -> Feeds {
        let form = BatchForm(
            inputs: inputs.map { $0.spec.withBatch(examples.count) }, labels: labels.map { $0.spec.withBatch(examples.count) },
            weights: weights.map { $0?.spec.withBatch(examples.count) })
        return Feeds(
            form: form, pointers: all.map { $0.batch(examples, number) }, owners: all.map { $0.owner(number) }, count: examples.count)
    }
}

/// The examples of a tensor.
private struct Rows: Sendable {
    let spec: TensorSpec
    private let source: Storage
    /// Where batches are gathered, in turns; none where they lie in the tensor itself.
    private let buffers: [Storage]
    private let row: Int

    init(_ tensor: Tensor, _ batchSize: Int, buffers count: Int) throws(SwiftConvError) {
        spec = tensor.spec
        source = try tensor.storage("fit")
        let row = tensor.spec.byteCount / Swift.max(1, tensor.shape.first ?? 1)
        self.row = row
        var made: [Storage] = []
        for _ in 0..<count { made.append(try engine { () throws(ConvError) in try Storage(bytes: row * batchSize, for: "batch") }) }
        buffers = made
    }

    /// Who keeps the memory of batches.
    func owner(_ number: Int) -> Storage { buffers.isEmpty ? source : buffers[number % buffers.count] }

    func batch(_ examples: ArraySlice<Int>, _ number: Int) -> UnsafeRawPointer {
        if buffers.isEmpty { return UnsafeRawPointer(source.base + (examples.first ?? 0) * row) }
        let target = owner(number).base
        for (i, example) in examples.enumerated() {
            (target + i * row).copyMemory(from: source.base + example * row, byteCount: row)
        }
        return UnsafeRawPointer(target)
    }
}
