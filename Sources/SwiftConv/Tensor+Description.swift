import TensorCore

extension Tensor: CustomStringConvertible {
    /// The numbers in nested brackets, the middle left out when there are many.
    public var description: String {
        guard !isSymbolic, let numbers = try? scalars(as: Double.self) else {
            return "Tensor(shape: \(shapeText(shape)), dtype: \(dtype), symbolic)"
        }
        let edge = count > 1000 ? 3 : Int.max
        var rows = ""
        write(numbers, axis: 0, from: 0, edge, &rows)
        return "Tensor(\(rows), shape: \(shapeText(shape)), dtype: \(dtype))"
    }

    private func write(_ numbers: [Double], axis: Int, from start: Int, _ edge: Int, _ out: inout String) {
        if axis == rank {
            out += numbers.indices.contains(start) ? text(numbers[start]) : ""
            return
        }
        let length = shape[axis]
        let step = shape[(axis + 1)...].reduce(1, *)
        out += "["
        var isFirst = true
        for i in 0..<length {
            if edge < length / 2, i >= edge, i < length - edge {
                if i == edge { out += ", …" }
                continue
            }
            if !isFirst { out += axis == rank - 1 ? ", " : ",\n" + String(repeating: " ", count: axis + 8) }
            isFirst = false
            write(numbers, axis: axis + 1, from: start + i * step, edge, &out)
        }
        out += "]"
    }

    private func text(_ number: Double) -> String {
        switch spec.dtype {
        case .float32: "\(Float(number))"
        case .float64: "\(number)"
        case .bool: number == 0 ? "false" : "true"
        default: number.isFinite ? "\(Int(exactly: number) ?? 0)" : "\(number)"
        }
    }
}
