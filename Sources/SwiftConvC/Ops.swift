import CABI
import Graph
import Ops
import Runtime
import TensorCore

@_cdecl("sc_op_create")
public func opCreate(
    _ name: UnsafePointer<CChar>?, _ attributes: UnsafePointer<sc_attribute>?, _ count: Int32,
    _ op: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
    status { () throws(ConvError) in
        let out = try given(op, "op")
        out.pointee = nil
        let found = try Registry.op(String(cString: try given(name, "name")))
        out.pointee = handle(OpHandle(found, try Attributes(attributes, count)))
    }
}

@_cdecl("sc_op_release")
public func opRelease(_ op: OpaquePointer?) { release(op, OpHandle.self) }

@_cdecl("sc_op_infer")
public func opInfer(
    _ op: OpaquePointer?, _ inputs: UnsafePointer<sc_spec>?, _ inputCount: Int32,
    _ outputs: UnsafeMutablePointer<sc_spec>?, _ outputCount: UnsafeMutablePointer<Int32>?
) -> Int32 {
    status { () throws(ConvError) in
        let op = try object(op, "op", OpHandle.self)
        let specs = try op.infer(try TensorSpec.all(inputs, inputCount, "inputs"))
        try write(specs, to: outputs, outputCount, "outputs", \.forC)
    }
}

@_cdecl("sc_op_prepare")
public func opPrepare(
    _ op: OpaquePointer?, _ inputs: UnsafePointer<sc_spec>?, _ inputCount: Int32, _ prepared: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
    status { () throws(ConvError) in
        let out = try given(prepared, "prepared")
        out.pointee = nil
        let op = try object(op, "op", OpHandle.self)
        out.pointee = handle(try PreparedHandle(op, try TensorSpec.all(inputs, inputCount, "inputs")))
    }
}

@_cdecl("sc_op_prepare_constant")
public func opPrepareConstant(
    _ op: OpaquePointer?, _ inputs: UnsafePointer<sc_spec>?, _ inputCount: Int32, _ constantInput: Int32,
    _ prepared: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
    status { () throws(ConvError) in
        let out = try given(prepared, "prepared")
        out.pointee = nil
        let op = try object(op, "op", OpHandle.self)
        guard constantInput >= 0, constantInput < inputCount else {
            throw .invalidArgument("sc_op_prepare_constant: constant_input: expected 0 to \(inputCount - 1), received \(constantInput)")
        }
        out.pointee = handle(
            try PreparedHandle(op, try TensorSpec.all(inputs, inputCount, "inputs"), constant: Int(constantInput)))
    }
}

@_cdecl("sc_prepared_pack")
public func preparedPack(
    _ prepared: OpaquePointer?, _ data: UnsafeRawPointer?, _ packed: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
    status { () throws(ConvError) in
        let out = try given(packed, "packed")
        out.pointee = nil
        let made = try object(prepared, "prepared", PreparedHandle.self).pack(try given(data, "data"))
        if let made { out.pointee = handle(made) }
    }
}

@_cdecl("sc_prepared_accepts")
public func preparedAccepts(_ prepared: OpaquePointer?, _ packed: OpaquePointer?) -> Int32 {
    guard let prepared, let packed else { return 0 }
    let own = Unmanaged<PreparedHandle>.fromOpaque(UnsafeRawPointer(prepared)).takeUnretainedValue()
    return own.accepts(Unmanaged<PackedHandle>.fromOpaque(UnsafeRawPointer(packed)).takeUnretainedValue()) ? 1 : 0
}

@_cdecl("sc_prepared_run_packed")
public func preparedRunPacked(
    _ prepared: OpaquePointer?, _ packed: OpaquePointer?, _ inputs: UnsafePointer<UnsafeRawPointer?>?,
    _ outputs: UnsafePointer<UnsafeMutableRawPointer?>?
) -> Int32 {
    do throws(ConvError) {
        let raw = UnsafeRawPointer(try given(prepared, "prepared"))
        let kept = packed.map { Unmanaged<PackedHandle>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
        try Unmanaged<PreparedHandle>.fromOpaque(raw).takeUnretainedValue().run(inputs, outputs, kept)
        return ok
    } catch {
        return failed(error)
    }
}

@_cdecl("sc_packed_release")
public func packedRelease(_ packed: OpaquePointer?) { release(packed, PackedHandle.self) }

@_cdecl("sc_prepared_outputs")
public func preparedOutputs(
    _ prepared: OpaquePointer?, _ outputs: UnsafeMutablePointer<sc_spec>?, _ outputCount: UnsafeMutablePointer<Int32>?
) -> Int32 {
    status { () throws(ConvError) in
        try write(try object(prepared, "prepared", PreparedHandle.self).outputs, to: outputs, outputCount, "outputs", \.forC)
    }
}

@_cdecl("sc_prepared_run")
public func preparedRun(
    _ prepared: OpaquePointer?, _ inputs: UnsafePointer<UnsafeRawPointer?>?, _ outputs: UnsafePointer<UnsafeMutableRawPointer?>?
) -> Int32 {
    do throws(ConvError) {
        let raw = UnsafeRawPointer(try given(prepared, "prepared"))
        try Unmanaged<PreparedHandle>.fromOpaque(raw).takeUnretainedValue().run(inputs, outputs)
        return ok
    } catch {
        return failed(error)
    }
}

@_cdecl("sc_prepared_describe")
public func preparedDescribe(_ prepared: OpaquePointer?, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Int32 {
    status { () throws(ConvError) in
        let prepared = try object(prepared, "prepared", PreparedHandle.self)
        try write(
            Json.object([
                ("op", .string(prepared.handle.op.name)),
                ("algorithm", .string(prepared.algorithm)),
                ("flops", .int(prepared.flops)),
                ("workspace_bytes", .int(prepared.workspaceBytes)),
                ("threads", .int(prepared.threads)),
            ]).text, to: json, "json")
    }
}

@_cdecl("sc_prepared_release")
public func preparedRelease(_ prepared: OpaquePointer?) { release(prepared, PreparedHandle.self) }
