import CABI
import CShims
import Ops
import Runtime
import TensorCore

// For C users: no handles. What was prepared for a geometry is remembered, so that a repeated call costs a look-up.

/// The prepared ops of the functions below.
private enum Remembered {
    struct Key: Hashable {
        var op: String
        var inputs: [TensorSpec]
        var attributes: Attributes
    }

    static let most = 64
    nonisolated(unsafe) private static var entries: [Key: PreparedHandle] = [:]
    nonisolated(unsafe) private static var lock: UInt32 = 0

    static func prepared(_ key: Key) throws(ConvError) -> PreparedHandle {
        sc_lock(&lock)
        let known = entries[key]
        sc_unlock(&lock)
        if let known { return known }
        var inputs: [TensorSpec] = []
        for (i, input) in key.inputs.enumerated() { inputs.append(try input.validated("\(key.op): input \(i)")) }
        let new = try PreparedHandle(OpHandle(try Registry.op(key.op), key.attributes), inputs)
        sc_lock(&lock)
        // Whoever meets more geometries than that pays for preparing some of them again.
        if entries.count >= most { entries.removeAll(keepingCapacity: true) }
        entries[key] = new
        sc_unlock(&lock)
        return new
    }

    static func run(_ key: Key, _ inputs: [UnsafeRawPointer?], _ output: UnsafeMutableRawPointer?) throws(ConvError) {
        let prepared = try prepared(key)
        var output: UnsafeMutableRawPointer? = output
        try inputs.withUnsafeBufferPointer { inputs throws(ConvError) in
            try withUnsafePointer(to: &output) { output throws(ConvError) in try prepared.run(inputs.baseAddress, output) }
        }
    }
}

extension sc_conv2d_geometry {
    fileprivate var x: TensorSpec { TensorSpec(.float32, [Int(n), Int(h), Int(w), Int(c)]) }

    fileprivate func filter(_ op: String) throws(ConvError) -> TensorSpec {
        guard groups >= 1, c % groups == 0 else {
            throw .invalidArgument("\(op): groups: expected a divisor of c = \(c), received \(groups)")
        }
        return TensorSpec(.float32, [Int(kh), Int(kw), Int(c / groups), Int(oc)])
    }

    fileprivate var attributes: Attributes {
        [
            "strides": .ints([Int(stride_h), Int(stride_w)]), "dilations": .ints([Int(dilation_h), Int(dilation_w)]),
            "padding": .ints([Int(pad_top), Int(pad_bottom), Int(pad_left), Int(pad_right)]),
        ]
    }

    /// The output's spec, by the shape rule of the convolution.
    fileprivate func y(_ op: String) throws(ConvError) -> TensorSpec {
        let inputs = [try x.validated("\(op): x"), try filter(op).validated("\(op): filter")]
        return try Registry.op("conv2d").outputSpecs(inputs, attributes)[0]
    }
}

@_cdecl("sc_conv2d")
public func conv2d(
    _ geometry: UnsafePointer<sc_conv2d_geometry>?, _ x: UnsafePointer<Float>?, _ filter: UnsafePointer<Float>?,
    _ bias: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>?
) -> Int32 {
    status { () throws(ConvError) in
        let g = try given(geometry, "sc_conv2d: geometry").pointee
        var specs = [g.x, try g.filter("sc_conv2d")]
        var pointers = [UnsafeRawPointer(x), UnsafeRawPointer(filter)]
        if let bias {
            specs.append(TensorSpec(.float32, [Int(g.oc)]))
            pointers.append(UnsafeRawPointer(bias))
        }
        try Remembered.run(.init(op: "conv2d", inputs: specs, attributes: g.attributes), pointers, y)
    }
}

@_cdecl("sc_conv2d_backward_input")
public func conv2dBackwardInput(
    _ geometry: UnsafePointer<sc_conv2d_geometry>?, _ filter: UnsafePointer<Float>?, _ dy: UnsafePointer<Float>?,
    _ dx: UnsafeMutablePointer<Float>?
) -> Int32 {
    status { () throws(ConvError) in
        let g = try given(geometry, "sc_conv2d_backward_input: geometry").pointee
        let specs = [try g.filter("sc_conv2d_backward_input"), try g.y("sc_conv2d_backward_input")]
        var attributes = g.attributes
        attributes["input_shape"] = .ints(g.x.shape)
        try Remembered.run(
            .init(op: "conv2d_backward_input", inputs: specs, attributes: attributes),
            [UnsafeRawPointer(filter), UnsafeRawPointer(dy)], dx)
    }
}

@_cdecl("sc_conv2d_backward_filter")
public func conv2dBackwardFilter(
    _ geometry: UnsafePointer<sc_conv2d_geometry>?, _ x: UnsafePointer<Float>?, _ dy: UnsafePointer<Float>?,
    _ dfilter: UnsafeMutablePointer<Float>?
) -> Int32 {
    status { () throws(ConvError) in
        let g = try given(geometry, "sc_conv2d_backward_filter: geometry").pointee
        let specs = [g.x, try g.y("sc_conv2d_backward_filter")]
        var attributes = g.attributes
        attributes["filter_shape"] = .ints(try g.filter("sc_conv2d_backward_filter").shape)
        try Remembered.run(
            .init(op: "conv2d_backward_filter", inputs: specs, attributes: attributes),
            [UnsafeRawPointer(x), UnsafeRawPointer(dy)], dfilter)
    }
}

@_cdecl("sc_gemm")
public func gemm(
    _ m: Int64, _ n: Int64, _ k: Int64, _ a: UnsafePointer<Float>?, _ b: UnsafePointer<Float>?, _ c: UnsafeMutablePointer<Float>?
) -> Int32 {
    status { () throws(ConvError) in
        let specs = [TensorSpec(.float32, [Int(m), Int(k)]), TensorSpec(.float32, [Int(k), Int(n)])]
        try Remembered.run(.init(op: "matmul", inputs: specs, attributes: [:]), [UnsafeRawPointer(a), UnsafeRawPointer(b)], c)
    }
}
