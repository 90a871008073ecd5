import Ops
import TensorCore

extension Graph {
    /// The graph as JSON: values, nodes, assignments.
    package func describe() -> String {
        let values = specs.indices.map { id in
            Json.object([("value", .int(id)), ("spec", specs[id].json), ("source", .string(sourceName(id)))])
        }
        let nodes = self.nodes.map { node in
            Json.object([
                ("op", .string(node.op.name)), ("inputs", .ints(node.inputs.map(\.id))), ("outputs", .ints(node.outputs.map(\.id))),
                ("attributes", node.attributes.json),
            ])
        }
        let assignments = self.assignments.map { assignment in
            Json.object([("variable", assignment.variable.spec.json), ("value", .int(assignment.value.id))])
        }
        return Json.object([("values", .array(values)), ("nodes", .array(nodes)), ("assignments", .array(assignments))]).text
    }

    /// The graph as lines of text: `%3: float32(2, 2) = relu(%1)`.
    package var text: String {
        var lines: [String] = []
        for id in specs.indices {
            if case .node(let index, let output) = sources[id] {
                guard output == 0 else { continue }
                let node = nodes[index]
                let left = node.outputs.map { "%\($0.id): \(specs[$0.id])" }.joined(separator: ", ")
                let inputs = node.inputs.map { "%\($0.id)" }.joined(separator: ", ")
                let attributes = node.attributes.text
                lines.append("\(left) = \(node.op.name)(\(inputs))" + (attributes.isEmpty ? "" : " {\(attributes)}"))
            } else {
                lines.append("%\(id): \(specs[id]) = \(sourceName(id))")
            }
        }
        lines += assignments.map { "assign \($0.variable.spec) ← %\($0.value.id)" }
        return lines.joined(separator: "\n")
    }

    private func sourceName(_ id: Int) -> String {
        switch sources[id] {
        case .placeholder: "placeholder"
        case .constant(let constant): constant.splat.map { "constant \($0)" } ?? "constant"
        case .variable: "variable"
        case .node(let index, _): nodes[index].op.name
        }
    }
}

extension Executable {
    /// The plan as JSON: nodes with algorithm and FLOP, buffers with their place, bytes of each kind, what the passes did.
    package func describe() -> String {
        let layout = layoutForReports
        let (plan, prepared) = (layout.plan, layout.prepared)
        var flops = 0
        var nodes: [Json] = []
        for (index, node) in program.nodes.enumerated() {
            let op = prepared[index]
            let runs = plan.isInvariant[index] ? 1 : slices?.count ?? 1
            let nodeFlops = (op?.flops ?? 0).multipliedReportingOverflow(by: runs).partialValue
            if op != nil, !plan.isInvariant[index] { flops = flops.addingReportingOverflow(nodeFlops).partialValue }
            nodes.append(
                .object([
                    ("op", .string(node.op.name)), ("algorithm", .string(op?.algorithm ?? "alias")), ("flops", .int(nodeFlops)),
                    ("runs", .int(runs)),
                    ("inputs", .array(node.inputs.map(json))), ("outputs", .array(node.outputs.map(json))),
                    ("fused", .strings(node.fused)), ("labels", .strings(node.labels)), ("gradient", .bool(node.isGradient)),
                    ("repeated", .bool(node.isRepeated)),
                    ("workspace_bytes", .int(op?.workspaceBytes ?? 0)),
                    ("alias", .bool(plan.isAlias[index])), ("once_per_version", .bool(plan.isInvariant[index])),
                    ("attributes", node.attributes.json),
                ]))
        }
        var constantBytes = 0
        var variables: [ObjectIdentifier: Int] = [:]
        var buffers: [Json] = []
        for (index, buffer) in plan.buffers.enumerated() where !buffer.values.isEmpty {
            var members: [(String, Json)] = [("buffer", .int(index)), ("bytes", .int(buffer.bytes))]
            switch buffer.place {
            case .feed(let i): members += [("place", .string("feed")), ("index", .int(i))]
            case .fetch(let i): members += [("place", .string("fetch")), ("index", .int(i))]
            case .constant: members.append(("place", .string("constant")))
            case .variable: members.append(("place", .string("variable")))
            case .arena(let offset): members += [("place", .string("arena")), ("offset", .int(offset))]
            case .kept(let offset): members += [("place", .string("kept")), ("offset", .int(offset))]
            }
            members += [("first", .int(buffer.first)), ("last", .int(buffer.last)), ("values", .int(buffer.values.count))]
            buffers.append(.object(members))
            if buffer.constant != nil { constantBytes += buffer.bytes }
            if let variable = buffer.variable { variables[ObjectIdentifier(variable)] = variable.byteCount }
        }
        for assignment in program.assignments { variables[ObjectIdentifier(assignment.variable)] = assignment.variable.byteCount }
        return Json.object([
            ("nodes", .array(nodes)), ("buffers", .array(buffers)), ("flops", .int(flops)), ("threads", .int(threads)),
            ("arena_bytes", .int(plan.arenaBytes)), ("peak_bytes", .int(plan.peakBytes)), ("kept_bytes", .int(plan.keptBytes)),
            ("variables_bytes", .int(variables.values.reduce(0, +))), ("constants_bytes", .int(constantBytes)),
            ("passes", .strings(program.notes)), ("in_place", .strings(plan.inPlace)),
            ("fetch_copies", .int(plan.fetchCopies.count)), ("assignment_copies", .int(plan.assignmentCopies.count)),
        ]).text
    }

    private func json(_ value: Int) -> Json {
        .object([("value", .int(value)), ("buffer", .int(plan.bufferOf[value])), ("spec", program.values[value].spec.json)])
    }
}

extension TensorSpec {
    var json: Json { .object([("dtype", .string(dtype.name)), ("shape", .ints(shape))]) }
}

extension Attributes {
    var json: Json {
        .object(
            values.sorted { $0.key < $1.key }.map { key, value in
                switch value {
                case .int(let v): (key, .int(v))
                case .ints(let v): (key, .ints(v))
                case .double(let v): (key, .double(v))
                case .string(let v): (key, .string(v))
                }
            })
    }

    /// `axis = 1, keepdims = 0`
    var text: String {
        values.sorted { $0.key < $1.key }.map { key, value in
            switch value {
            case .int(let v): "\(key) = \(v)"
            case .ints(let v): "\(key) = \(v)"
            case .double(let v): "\(key) = \(v)"
            case .string(let v): "\(key) = \(v)"
            }
        }.joined(separator: ", ")
    }
}
