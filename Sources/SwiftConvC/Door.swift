import CABI
import CShims
import Runtime
import TensorCore

/// The status of success; the others are the raw values of `ConvError.Kind`.
let ok: Int32 = 0

/// Runs `body`; what it throws becomes this thread's message and the status.
@inline(__always)
func status(_ body: () throws(ConvError) -> Void) -> Int32 {
    do throws(ConvError) {
        try Environment.check()
        try body()
        return ok
    } catch {
        return failed(error)
    }
}

@inline(never)
func failed(_ error: ConvError) -> Int32 {
    sc_message_set(error.message)
    return error.kind.rawValue
}

/// `pointer`, unless it is NULL.
@inline(__always)
func given<T>(_ pointer: T?, _ name: @autoclosure () -> String) throws(ConvError) -> T {
    guard let pointer else { throw .invalidArgument("\(name()): expected a pointer, received NULL") }
    return pointer
}

/// A count that C gives, and the array it belongs to. NULL stands for an array without elements only.
@inline(__always)
func array<T>(_ pointer: UnsafePointer<T>?, _ count: Int32, _ name: @autoclosure () -> String) throws(ConvError) -> UnsafeBufferPointer<T> {
    guard count >= 0 else { throw .invalidArgument("\(name()): expected a count of at least 0, received \(count)") }
    guard pointer != nil || count == 0 else {
        throw .invalidArgument("\(name()): expected an array of \(count) elements, received NULL")
    }
    return UnsafeBufferPointer(start: count == 0 ? nil : pointer, count: Int(count))
}

// ---- handles ---------------------------------------------------------------------------------------------------------------

/// A new reference to `object`, as the handle that C holds.
func handle<T: AnyObject>(_ object: T) -> OpaquePointer { OpaquePointer(Unmanaged.passRetained(object).toOpaque()) }

/// The object behind a handle.
@inline(__always)
func object<T: AnyObject>(_ handle: OpaquePointer?, _ name: @autoclosure () -> String, _: T.Type = T.self) throws(ConvError) -> T {
    Unmanaged<T>.fromOpaque(UnsafeRawPointer(try given(handle, name()))).takeUnretainedValue()
}

/// Gives a reference back; NULL is nothing.
func release<T: AnyObject>(_ handle: OpaquePointer?, _: T.Type) {
    guard let handle else { return }
    Unmanaged<T>.fromOpaque(UnsafeRawPointer(handle)).release()
}

// ---- specs, attributes, strings ------------------------------------------------------------------------------------------------

extension TensorSpec {
    init(_ spec: sc_spec, _ what: @autoclosure () -> String) throws(ConvError) {
        guard let dtype = DataType(rawValue: spec.dtype) else {
            throw .wrongType("\(what()): expected a dtype from 0 to \(DataType.allCases.count - 1), received \(spec.dtype)")
        }
        guard (0...Int32(TensorSpec.maxRank)).contains(spec.rank) else {
            throw .invalidArgument("\(what()): expected a rank from 0 to \(TensorSpec.maxRank), received \(spec.rank)")
        }
        let shape = withUnsafeBytes(of: spec.shape) { bytes in
            bytes.bindMemory(to: Int64.self).prefix(Int(spec.rank)).map { Int($0) }
        }
        self = try TensorSpec(dtype, shape).validated(what())
    }

    static func all(_ specs: UnsafePointer<sc_spec>?, _ count: Int32, _ name: String) throws(ConvError) -> [TensorSpec] {
        var result: [TensorSpec] = []
        for (i, spec) in try array(specs, count, name).enumerated() { result.append(try TensorSpec(spec, "\(name)[\(i)]")) }
        return result
    }

    /// The same for C.
    var forC: sc_spec {
        var spec = sc_spec()
        spec.dtype = dtype.rawValue
        spec.rank = Int32(rank)
        withUnsafeMutableBytes(of: &spec.shape) { bytes in
            for (i, d) in shape.prefix(TensorSpec.maxRank).enumerated() {
                bytes.storeBytes(of: Int64(d), toByteOffset: i * 8, as: Int64.self)
            }
        }
        return spec
    }
}

/// Writes `values` to an array whose capacity is `*count`, and their number to `*count` (also when there is no room).
func write<T, U>(
    _ values: [T], to array: UnsafeMutablePointer<U>?, _ count: UnsafeMutablePointer<Int32>?, _ name: String, _ convert: (T) -> U
) throws(ConvError) {
    let count = try given(count, "\(name): count")
    let capacity = count.pointee
    count.pointee = Int32(values.count)
    guard capacity >= values.count else {
        throw .invalidArgument("\(name): expected room for \(values.count), received a capacity of \(capacity)")
    }
    guard !values.isEmpty else { return }
    let array = try given(array, name)
    for (i, value) in values.enumerated() { array[i] = convert(value) }
}

extension Attributes {
    init(_ attributes: UnsafePointer<sc_attribute>?, _ count: Int32) throws(ConvError) {
        self.init()
        for (i, attribute) in try array(attributes, count, "attributes").enumerated() {
            let key = String(cString: try given(attribute.key, "attributes[\(i)].key"))
            guard self[key] == nil else { throw .invalidArgument("\(key): expected one value, received it twice") }
            switch attribute.kind {
            case Int32(SC_ATTRIBUTE_INT):
                self[key] = .int(Int(try given(attribute.ints, key).pointee))
            case Int32(SC_ATTRIBUTE_INTS):
                self[key] = .ints(try array(attribute.ints, attribute.count, key).map { Int($0) })
            case Int32(SC_ATTRIBUTE_DOUBLE):
                self[key] = .double(try given(attribute.number, key).pointee)
            case Int32(SC_ATTRIBUTE_STRING):
                self[key] = .string(String(cString: try given(attribute.string, key)))
            default:
                throw .invalidArgument("\(key): expected an attribute kind from 0 to 3, received \(attribute.kind)")
            }
        }
    }
}

/// A copy of `text` for C, to be freed with `sc_string_release`.
func write(_ text: String, to out: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ name: String) throws(ConvError) {
    let out = try given(out, name)
    out.pointee = nil
    let bytes = text.utf8.count
    guard let copy = sc_memory_allocate(UInt64(bytes + 1)) else {
        throw .outOfMemory("\(name): \(bytes + 1) bytes cannot be had")
    }
    let characters = copy.bindMemory(to: UInt8.self, capacity: bytes + 1)
    var i = 0
    for byte in text.utf8 {
        characters[i] = byte
        i += 1
    }
    characters[bytes] = 0
    out.pointee = UnsafeMutableRawPointer(copy).assumingMemoryBound(to: CChar.self)
}
