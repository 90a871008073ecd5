import Runtime
import TensorCore

/// Another element type. Floating numbers are cut toward zero; out of range they take the nearest end, NaN becomes 0; `bool` is x ≠ 0.
struct Cast: Op {
    let name = "cast"

    private func target(_ attributes: Attributes) throws(ConvError) -> DataType {
        let word = try attributes.string("dtype")
        guard let dtype = DataType(name: word) else {
            throw .wrongType("\(name): dtype: expected one of \(DataType.allCases.map(\.name).joined(separator: ", ")), received \"\(word)\"")
        }
        return dtype
    }

    func outputSpecs(_ inputs: [TensorSpec], _ attributes: Attributes) throws(ConvError) -> [TensorSpec] {
        try expectInputs(inputs, 1...1)
        return [try TensorSpec(target(attributes), inputs[0].shape).validated(name)]
    }

    func prepare(
        _ inputs: [TensorSpec], _ outputs: [TensorSpec], _ attributes: Attributes, _ context: PrepareContext
    ) throws(ConvError) -> PreparedOp {
        if inputs[0].dtype == outputs[0].dtype { return copyOp(inputs[0], context) }
        let count = inputs[0].count
        let convert = converter(inputs[0].dtype, outputs[0].dtype)
        return PreparedOp(algorithm: "elementwise") { arguments in
            let x = arguments.inputs[0]
            let y = arguments.outputs[0]
            parallelFor(count, grain: 32768, threads: context.threads) { range, _ in convert(x, y, range) }
        }
    }

    func gradient(_ call: OpCall, _ outputGradients: [Value?], _ graph: any GraphBuilder) throws(ConvError) -> [Value?] {
        let from = graph.spec(call.inputs[0]).dtype
        guard let dy = outputGradients[0], from.isFloating, graph.spec(dy).dtype.isFloating else { return [nil] }
        return [try graph("cast", dy, attributes: ["dtype": .string(from.name)])]
    }
}

private typealias Converter = @Sendable (UnsafeRawPointer, UnsafeMutableRawPointer, Range<Int>) -> Void

private func converter(_ from: DataType, _ to: DataType) -> Converter {
    switch from {
    case .float32: floating(Float.self, to)
    case .float64: floating(Double.self, to)
    case .int32: integer(Int32.self, to)
    case .int64: integer(Int64.self, to)
    case .uint8: integer(UInt8.self, to)
    case .bool: integer(UInt8.self, to)
    }
}

@inline(__always)
private func each<A, B>(_: A.Type, _: B.Type, _ f: @escaping @Sendable (A) -> B) -> Converter {
    { x, y, range in
        let x = x.assumingMemoryBound(to: A.self)
        let y = y.assumingMemoryBound(to: B.self)
        for i in range { y[i] = f(x[i]) }
    }
}

private func floating<A: BinaryFloatingPoint & Sendable>(_: A.Type, _ to: DataType) -> Converter {
    switch to {
    case .float32: each(A.self, Float.self) { Float($0) }
    case .float64: each(A.self, Double.self) { Double($0) }
    case .int32: each(A.self, Int32.self) { Int32(clamping: wholeNumber(Double($0))) }
    case .int64: each(A.self, Int64.self) { Int64(wholeNumber(Double($0))) }
    case .uint8: each(A.self, UInt8.self) { UInt8(clamping: wholeNumber(Double($0))) }
    case .bool: each(A.self, UInt8.self) { $0 != 0 ? 1 : 0 }
    }
}

private func integer<A: FixedWidthInteger & Sendable>(_: A.Type, _ to: DataType) -> Converter {
    switch to {
    case .float32: each(A.self, Float.self) { Float($0) }
    case .float64: each(A.self, Double.self) { Double($0) }
    case .int32: each(A.self, Int32.self) { Int32(truncatingIfNeeded: $0) }
    case .int64: each(A.self, Int64.self) { Int64($0) }
    case .uint8: each(A.self, UInt8.self) { UInt8(truncatingIfNeeded: $0) }
    case .bool: each(A.self, UInt8.self) { $0 != 0 ? 1 : 0 }
    }
}
