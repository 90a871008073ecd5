import Ops
import TensorCore

// A graph as one safetensors file: its constants and the content of its variables are the tensors, and the entry "graph" of the
// metadata holds the steps as JSON, in the order of their insertion:
//
//   {"version": 1, "inputs": [value …], "outputs": [value …], "steps": [step …]}
//   step: {"input": spec} | {"tensor": name} | {"fill": number, "spec": spec} | {"op": name, "inputs": [value …], "attributes": {…}}
//   spec: {"dtype": "float32", "shape": [1, 28, 28, 1]}
//
// Values are counted through all outputs of all steps. What JSON has no numbers for is {"double": "inf" | "-inf" | "nan"}.

extension Graph {
    private static var formatVersion: Int { 1 }
    private static var formatName: String { "swiftconv.graph" }

    /// Writes what `outputs` need, down to `inputs`, which must be placeholders. Variables become constants; assignments are left out.
    package func save(inputs: [Value], outputs: [Value], to path: String) throws(ConvError) {
        let needed = try needed(for: outputs, from: inputs)
        var renamed: [Int: Int] = [:]
        var steps: [Json] = []
        var tensors: [Safetensors.Entry] = []
        for id in specs.indices where needed[id] {
            switch sources[id] {
            case .placeholder:
                steps.append(.object([("input", specs[id].json)]))
            case .constant(let constant):
                if let number = constant.splat {
                    steps.append(.object([("fill", .exact(number)), ("spec", specs[id].json)]))
                } else {
                    steps.append(.object([("tensor", .string("t\(tensors.count)"))]))
                    tensors.append(.init(name: "t\(tensors.count)", spec: specs[id], data: try constant.data()))
                }
            case .variable(let variable):
                steps.append(.object([("tensor", .string("t\(tensors.count)"))]))
                tensors.append(.init(name: "t\(tensors.count)", spec: specs[id], data: UnsafeRawPointer(variable.data)))
            case .node(let index, _):
                let node = nodes[index]
                guard node.outputs.first?.id == id else { continue }  // written with the first of its outputs
                steps.append(
                    .object([
                        ("op", .string(node.op.name)), ("inputs", .ints(node.inputs.map { renamed[$0.id] ?? 0 })),
                        ("attributes", node.attributes.exactJson),
                    ]))
                for output in node.outputs { renamed[output.id] = renamed.count }
                continue
            }
            renamed[id] = renamed.count
        }
        let text = Json.object([
            ("version", .int(Self.formatVersion)), ("inputs", .ints(inputs.map { renamed[$0.id] ?? 0 })),
            ("outputs", .ints(outputs.map { renamed[$0.id] ?? 0 })), ("steps", .array(steps)),
        ]).text
        try Safetensors.write(tensors, metadata: [("format", Self.formatName), ("graph", text)], to: path)
    }

    /// Which values a file must hold: all that `outputs` need, all outputs of their nodes, and `inputs`.
    private func needed(for outputs: [Value], from inputs: [Value]) throws(ConvError) -> [Bool] {
        var needed = [Bool](repeating: false, count: specs.count)
        for (i, input) in inputs.enumerated() {
            try checked(input, "inputs[\(i)]")
            guard case .placeholder = sources[input.id] else {
                throw .invalidArgument("inputs[\(i)]: expected a placeholder, received value \(input.id)")
            }
            guard !needed[input.id] else { throw .invalidArgument("inputs[\(i)]: received value \(input.id) twice") }
            needed[input.id] = true
        }
        let given = needed
        for (i, output) in outputs.enumerated() { needed[try checked(output, "outputs[\(i)]").id] = true }
        for id in specs.indices.reversed() where needed[id] {
            switch sources[id] {
            case .node(let index, _):
                for value in nodes[index].outputs + nodes[index].inputs { needed[value.id] = true }
            case .placeholder where !given[id]:
                throw .invalidArgument("outputs: they need the placeholder \(id), which is not among the inputs")
            default: break
            }
        }
        return needed
    }

    /// The graph of a file that `save` wrote, with its inputs and outputs.
    package static func load(_ path: String) throws(ConvError) -> (graph: Graph, inputs: [Value], outputs: [Value]) {
        let file = try Safetensors(path)
        func broken(_ what: String) -> ConvError { .invalidArgument("\(path): not a saved graph: \(what)") }
        guard file.metadata["format"] == formatName, let text = file.metadata["graph"], let saved = Json.parsed(text) else {
            throw broken("its metadata has no graph")
        }
        guard saved["version"]?.asInt == formatVersion else {
            throw .unsupported("\(path): expected version \(formatVersion) of the format, received \(saved["version"]?.text ?? "none")")
        }
        guard let steps = saved["steps"]?.asArray, let inputIds = saved["inputs"]?.asInts, let outputIds = saved["outputs"]?.asInts else {
            throw broken("steps, inputs or outputs are missing")
        }
        let graph = Graph()
        var values: [Value] = []
        for (i, step) in steps.enumerated() {
            let what = "step \(i)"
            if let name = step["tensor"]?.asString {
                guard let tensor = file.entry(name) else { throw broken("\(what): there is no tensor \(name)") }
                values.append(try graph.constant(tensor.spec, copying: tensor.data))
            } else if let number = step["fill"] {
                guard let number = number.exactNumber, let spec = TensorSpec(json: step["spec"]) else { throw broken(what) }
                values.append(try graph.constant(number, spec))
            } else if let input = step["input"] {
                guard let spec = TensorSpec(json: input) else { throw broken(what) }
                values.append(try graph.placeholder(spec))
            } else {
                guard let op = step["op"]?.asString, let ids = step["inputs"]?.asInts,
                    let attributes = Attributes(exact: step["attributes"]),
                    ids.allSatisfy({ values.indices.contains($0) })
                else { throw broken(what) }
                values += try graph.apply(op, ids.map { values[$0] }, attributes)
            }
        }
        guard (inputIds + outputIds).allSatisfy({ values.indices.contains($0) }) else { throw broken("inputs or outputs") }
        return (graph, inputIds.map { values[$0] }, outputIds.map { values[$0] })
    }
}

// ---- numbers and attributes that come back as they were --------------------------------------------------------------------------

extension Json {
    fileprivate static func exact(_ number: Double) -> Json {
        number.isFinite ? .double(number) : .object([("double", .string(number.isNaN ? "nan" : number < 0 ? "-inf" : "inf"))])
    }

    fileprivate var exactNumber: Double? {
        switch self {
        case .double(let number): return number
        case .int(let number): return Double(number)
        default:
            guard let name = self["double"]?.asString else { return nil }
            return ["inf": Double.infinity, "-inf": -Double.infinity, "nan": Double.nan][name]
        }
    }
}

extension TensorSpec {
    fileprivate init?(json: Json?) {
        guard let json, let name = json["dtype"]?.asString, let dtype = DataType(name: name), let shape = json["shape"]?.asInts else {
            return nil
        }
        self.init(dtype, shape)
    }
}

extension Attributes {
    fileprivate var exactJson: Json {
        .object(
            values.sorted { $0.key < $1.key }.map { key, value in
                switch value {
                case .int(let v): (key, .int(v))
                case .ints(let v): (key, .ints(v))
                case .double(let v): (key, .exact(v))
                case .string(let v): (key, .string(v))
                }
            })
    }

    fileprivate init?(exact json: Json?) {
        guard let members = json?.asObject else { return nil }
        self.init()
        for (key, value) in members {
            switch value {
            case .int(let v): self[key] = .int(v)
            case .string(let v): self[key] = .string(v)
            case .array:
                guard let ints = value.asInts else { return nil }
                self[key] = .ints(ints)
            default:
                guard let number = value.exactNumber else { return nil }
                self[key] = .double(number)
            }
        }
    }
}
