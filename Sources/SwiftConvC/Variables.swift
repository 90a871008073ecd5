import CABI
import Graph
import TensorCore

@_cdecl("sc_variable_create")
public func variableCreate(_ spec: UnsafePointer<sc_spec>?, _ variable: UnsafeMutablePointer<OpaquePointer?>?) -> Int32 {
    status { () throws(ConvError) in
        let out = try given(variable, "variable")
        out.pointee = nil
        out.pointee = handle(try Variable(try TensorSpec(try given(spec, "spec").pointee, "spec")))
    }
}

/// Lent, because C may write there at any time without a word; sc_variable_touch is the word.
@_cdecl("sc_variable_data")
public func variableData(_ variable: OpaquePointer?) -> UnsafeMutableRawPointer? {
    guard let variable else { return nil }
    return Unmanaged<Variable>.fromOpaque(UnsafeRawPointer(variable)).takeUnretainedValue().lend()
}

@_cdecl("sc_variable_touch")
public func variableTouch(_ variable: OpaquePointer?) {
    guard let variable else { return }
    Unmanaged<Variable>.fromOpaque(UnsafeRawPointer(variable)).takeUnretainedValue().touch()
}

@_cdecl("sc_variable_release")
public func variableRelease(_ variable: OpaquePointer?) { release(variable, Variable.self) }
