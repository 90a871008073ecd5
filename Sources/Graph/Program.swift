import Ops
import TensorCore

/// The part of a graph that one executable needs, in a form that passes rewrite. Values are indices into `values`; `nodes` stand in the
/// order of their execution.
struct Program {
    enum Origin {
        case feed(Int)
        case constant(Constant)
        case variable(Variable)
        /// Written by a node.
        case computed
    }

    struct ValueInfo {
        var spec: TensorSpec
        var origin: Origin
    }

    struct Node {
        var op: any Op
        var attributes: Attributes
        var inputs: [Int]
        var outputs: [Int]
        /// Names of the ops that this one has taken over, in their order.
        var fused: [String] = []
        /// Whose work it is: the labels in the graph of the node and of those that it has taken over, each once.
        var labels: [String] = []
        var isGradient = false
        /// Whether it computes anew what another node has computed, to save the memory between.
        var isRepeated = false

        /// Notes that this node does the work of `other` too.
        mutating func takeOver(_ other: Node) {
            fused += [other.op.name] + other.fused
            labels += other.labels.filter { !labels.contains($0) }
        }
    }

    struct Assignment {
        var variable: Variable
        var value: Int
    }

    var values: [ValueInfo] = []
    var nodes: [Node] = []
    var feedSpecs: [TensorSpec] = []
    var fetches: [Int] = []
    var assignments: [Assignment] = []
    /// What the passes did, for people.
    var notes: [String] = []

    /// The values that stay the same over many runs: constants, variables that this program does not assign, and what depends on them alone.
    var steadyValues: [Bool] {
        let assigned = Set(assignments.map { ObjectIdentifier($0.variable) })
        var steady = values.map { value in
            switch value.origin {
            case .constant: true
            case .variable(let variable): !assigned.contains(ObjectIdentifier(variable))
            case .feed, .computed: false
            }
        }
        for node in nodes where !node.inputs.isEmpty && node.inputs.allSatisfy({ steady[$0] }) {
            for output in node.outputs { steady[output] = true }
        }
        return steady
    }

    /// What `fetches` and the graph's assignments need, given `feeds`.
    init(_ graph: Graph, feeds: [Value], fetches wanted: [Value]) throws(ConvError) {
        var indices = [Int?](repeating: nil, count: graph.valueCount)
        for (i, feed) in feeds.enumerated() {
            let id = try graph.checked(feed, "executable: feed \(i)").id
            guard indices[id] == nil else {
                throw .invalidArgument("executable: feed \(i): value \(id) is fed twice")
            }
            indices[id] = add(graph.specs[id], .feed(i))
            feedSpecs.append(graph.specs[id])
        }
        for (i, fetch) in wanted.enumerated() { try graph.checked(fetch, "executable: fetch \(i)") }

        // Backwards: which nodes are needed.
        var neededValues = [Bool](repeating: false, count: graph.valueCount)
        var neededNodes = [Bool](repeating: false, count: graph.nodes.count)
        var stack = wanted.map(\.id) + graph.assignments.map(\.value.id)
        while let id = stack.popLast() {
            if neededValues[id] || indices[id] != nil { continue }
            neededValues[id] = true
            guard case .node(let node, _) = graph.sources[id], !neededNodes[node] else { continue }
            neededNodes[node] = true
            stack += graph.nodes[node].inputs.map(\.id)
        }

        for id in graph.specs.indices where neededValues[id] {
            switch graph.sources[id] {
            case .placeholder:
                throw .invalidArgument(
                    "executable: placeholder \(id) of spec \(graph.specs[id]) is needed by the fetches or assignments, but not fed")
            case .constant(let constant): indices[id] = add(graph.specs[id], .constant(constant))
            case .variable(let variable): indices[id] = add(graph.specs[id], .variable(variable))
            case .node: break
            }
        }
        for (index, node) in graph.nodes.enumerated() where neededNodes[index] {
            let inputs = node.inputs.map { indices[$0.id] ?? -1 }
            var outputs: [Int] = []
            for output in node.outputs {
                let made = add(graph.specs[output.id], .computed)
                outputs.append(made)
                // A fed output is computed beside the others, but nobody reads it.
                if indices[output.id] == nil { indices[output.id] = made }
            }
            guard !inputs.contains(-1) else { throw .internal("executable: \(node.op.name) reads a value that is not computed") }
            nodes.append(
                Node(
                    op: node.op, attributes: node.attributes, inputs: inputs, outputs: outputs,
                    labels: node.label.isEmpty ? [] : [node.label], isGradient: node.isGradient))
        }
        func index(_ value: Value) throws(ConvError) -> Int {
            guard let index = indices[value.id] else { throw .internal("executable: value \(value.id) is not computed") }
            return index
        }
        for fetch in wanted { fetches.append(try index(fetch)) }
        for assignment in graph.assignments {
            assignments.append(Assignment(variable: assignment.variable, value: try index(assignment.value)))
        }
    }

    mutating func add(_ spec: TensorSpec, _ origin: Origin) -> Int {
        values.append(ValueInfo(spec: spec, origin: origin))
        return values.count - 1
    }

    func specs(_ indices: [Int]) -> [TensorSpec] { indices.map { values[$0].spec } }

    /// For each value the nodes that read it (twice, if they do so twice).
    func readers() -> [[Int]] {
        var readers = [[Int]](repeating: [], count: values.count)
        for (index, node) in nodes.enumerated() {
            for input in node.inputs { readers[input].append(index) }
        }
        return readers
    }

    /// For each value whether it is wanted at the end of a run.
    func wantedAtEnd() -> [Bool] {
        var wanted = [Bool](repeating: false, count: values.count)
        for fetch in fetches { wanted[fetch] = true }
        for assignment in assignments { wanted[assignment.value] = true }
        return wanted
    }

    /// For each value the node that computes it.
    func producers() -> [Int?] {
        var producers = [Int?](repeating: nil, count: values.count)
        for (index, node) in nodes.enumerated() {
            for output in node.outputs { producers[output] = index }
        }
        return producers
    }

    /// Reads `map[value]` wherever `value` was read.
    mutating func redirect(_ map: [Int: Int]) {
        if map.isEmpty { return }
        func target(_ value: Int) -> Int {
            var value = value
            while let next = map[value], next != value { value = next }
            return value
        }
        for i in nodes.indices { nodes[i].inputs = nodes[i].inputs.map(target) }
        fetches = fetches.map(target)
        for i in assignments.indices { assignments[i].value = target(assignments[i].value) }
    }
}
