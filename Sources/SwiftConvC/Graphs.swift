import CABI
import Graph
import Ops
import Runtime
import TensorCore

/// Values of C: `value` may be anything, Graph checks it.
private func values(_ ids: UnsafePointer<Int32>?, _ count: Int32, _ name: String) throws(ConvError) -> [Value] {
    try array(ids, count, name).map { Value(Int($0)) }
}

@_cdecl("sc_graph_create")
public func graphCreate(_ graph: UnsafeMutablePointer<OpaquePointer?>?) -> Int32 {
    status { () throws(ConvError) in
        try given(graph, "graph").pointee = handle(Graph())
    }
}

@_cdecl("sc_graph_release")
public func graphRelease(_ graph: OpaquePointer?) { release(graph, Graph.self) }

@_cdecl("sc_graph_label")
public func graphLabel(_ graph: OpaquePointer?, _ label: UnsafePointer<CChar>?) -> Int32 {
    status { () throws(ConvError) in
        try object(graph, "graph", Graph.self).label = label.map { String(cString: $0) } ?? ""
    }
}

@_cdecl("sc_graph_placeholder")
public func graphPlaceholder(_ graph: OpaquePointer?, _ spec: UnsafePointer<sc_spec>?, _ value: UnsafeMutablePointer<Int32>?) -> Int32 {
    status { () throws(ConvError) in
        let graph = try object(graph, "graph", Graph.self)
        let out = try given(value, "value")
        out.pointee = Int32(try graph.placeholder(try TensorSpec(try given(spec, "spec").pointee, "placeholder")).id)
    }
}

@_cdecl("sc_graph_constant")
public func graphConstant(
    _ graph: OpaquePointer?, _ spec: UnsafePointer<sc_spec>?, _ data: UnsafeRawPointer?, _ value: UnsafeMutablePointer<Int32>?
) -> Int32 {
    status { () throws(ConvError) in
        let graph = try object(graph, "graph", Graph.self)
        let out = try given(value, "value")
        let spec = try TensorSpec(try given(spec, "spec").pointee, "constant")
        // An empty constant may come without an address.
        let source = spec.byteCount == 0 ? data ?? UnsafeRawPointer(out) : try given(data, "constant: data")
        out.pointee = Int32(try graph.constant(spec, copying: source).id)
    }
}

@_cdecl("sc_graph_variable")
public func graphVariable(_ graph: OpaquePointer?, _ variable: OpaquePointer?, _ value: UnsafeMutablePointer<Int32>?) -> Int32 {
    status { () throws(ConvError) in
        let graph = try object(graph, "graph", Graph.self)
        let out = try given(value, "value")
        out.pointee = Int32(try graph.variable(try object(variable, "variable", Variable.self)).id)
    }
}

@_cdecl("sc_graph_apply")
public func graphApply(
    _ graph: OpaquePointer?, _ op: OpaquePointer?, _ inputs: UnsafePointer<Int32>?, _ inputCount: Int32,
    _ outputs: UnsafeMutablePointer<Int32>?, _ outputCount: UnsafeMutablePointer<Int32>?
) -> Int32 {
    status { () throws(ConvError) in
        let graph = try object(graph, "graph", Graph.self)
        let op = try object(op, "op", OpHandle.self)
        // Looked at before the graph changes; the room for the outputs is known only then.
        let outputCount = try given(outputCount, "outputs: count")
        let results = try graph.apply(op.op, try values(inputs, inputCount, "inputs"), op.attributes)
        try write(results, to: outputs, outputCount, "outputs") { Int32($0.id) }
    }
}

@_cdecl("sc_graph_assign")
public func graphAssign(_ graph: OpaquePointer?, _ variable: OpaquePointer?, _ value: Int32) -> Int32 {
    status { () throws(ConvError) in
        let graph = try object(graph, "graph", Graph.self)
        try graph.assign(try object(variable, "variable", Variable.self), Value(Int(value)))
    }
}

@_cdecl("sc_graph_gradient")
public func graphGradient(
    _ graph: OpaquePointer?, _ targets: UnsafePointer<Int32>?, _ seeds: UnsafePointer<Int32>?, _ targetCount: Int32,
    _ sources: UnsafePointer<Int32>?, _ sourceCount: Int32, _ gradients: UnsafeMutablePointer<Int32>?
) -> Int32 {
    status { () throws(ConvError) in
        let graph = try object(graph, "graph", Graph.self)
        let targets = try values(targets, targetCount, "targets")
        // NULL seeds are ones for all.
        let seeds = seeds == nil ? [] : try array(seeds, targetCount, "seeds").map { $0 == -1 ? nil : Value(Int($0)) }
        let sources = try values(sources, sourceCount, "sources")
        guard !sources.isEmpty else { return }
        let out = try given(gradients, "gradients")
        for (i, gradient) in try graph.gradients(of: targets, seeds: seeds, to: sources).enumerated() {
            out[i] = gradient.map { Int32($0.id) } ?? -1
        }
    }
}

@_cdecl("sc_graph_spec")
public func graphSpec(_ graph: OpaquePointer?, _ value: Int32, _ spec: UnsafeMutablePointer<sc_spec>?) -> Int32 {
    status { () throws(ConvError) in
        let graph = try object(graph, "graph", Graph.self)
        try given(spec, "spec").pointee = try graph.checkedSpec(Value(Int(value))).forC
    }
}

@_cdecl("sc_graph_describe")
public func graphDescribe(_ graph: OpaquePointer?, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Int32 {
    status { () throws(ConvError) in
        try write(try object(graph, "graph", Graph.self).describe(), to: json, "json")
    }
}

@_cdecl("sc_graph_save")
public func graphSave(
    _ graph: OpaquePointer?, _ inputs: UnsafePointer<Int32>?, _ inputCount: Int32, _ outputs: UnsafePointer<Int32>?, _ outputCount: Int32,
    _ path: UnsafePointer<CChar>?
) -> Int32 {
    status { () throws(ConvError) in
        let graph = try object(graph, "graph", Graph.self)
        try graph.save(
            inputs: try values(inputs, inputCount, "inputs"), outputs: try values(outputs, outputCount, "outputs"),
            to: String(cString: try given(path, "path")))
    }
}

@_cdecl("sc_graph_load")
public func graphLoad(
    _ path: UnsafePointer<CChar>?, _ graph: UnsafeMutablePointer<OpaquePointer?>?, _ inputs: UnsafeMutablePointer<Int32>?,
    _ inputCount: UnsafeMutablePointer<Int32>?, _ outputs: UnsafeMutablePointer<Int32>?, _ outputCount: UnsafeMutablePointer<Int32>?
) -> Int32 {
    status { () throws(ConvError) in
        let out = try given(graph, "graph")
        out.pointee = nil
        let loaded = try Graph.load(String(cString: try given(path, "path")))
        try write(loaded.inputs, to: inputs, inputCount, "inputs") { Int32($0.id) }
        try write(loaded.outputs, to: outputs, outputCount, "outputs") { Int32($0.id) }
        out.pointee = handle(loaded.graph)
    }
}
