import TensorCore

extension Tensor: CustomStringConvertible {
    /// The numbers in nested brackets and columns, the middle left out when there are many.
    public var description: String {
        guard !isSymbolic, let numbers = try? scalars(as: Double.self) else {
            return "Tensor(shape: \(shapeText(shape)), dtype: \(dtype), symbolic)"
        }
        // all digits of int64
        let whole = dtype == .int64 ? try? scalars(as: Int64.self) : nil
        var printer = Printer(shape: shape, edge: count > 1000 ? 3 : Int.max) { whole?[$0].description ?? text(numbers[$0]) }
        printer.measure()
        printer.write(axis: 0, from: 0)
        return "Tensor(\(printer.text), shape: \(shapeText(shape)), dtype: \(dtype))"
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

/// Writes nested brackets.
private struct Printer {
    let shape: [Int]
    /// How many elements are shown at each end of a long axis.
    let edge: Int
    let element: (Int) -> String
    var text = ""
    /// The widest element, to which the others are filled up.
    private var width = 0
    private var isMeasuring = false

    init(shape: [Int], edge: Int, element: @escaping (Int) -> String) {
        self.shape = shape
        self.edge = edge
        self.element = element
    }

    /// Looks for the widest element that will be shown.
    mutating func measure() {
        isMeasuring = true
        write(axis: 0, from: 0)
        isMeasuring = false
        text = ""
    }

    mutating func write(axis: Int, from start: Int) {
        if axis == shape.count {
            let shown = element(start)
            if isMeasuring { width = Swift.max(width, shown.count) }
            text += String(repeating: " ", count: Swift.max(0, width - shown.count)) + shown
            return
        }
        let length = shape[axis]
        let step = shape[(axis + 1)...].reduce(1, *)
        let separator =
            axis == shape.count - 1
            ? ", " : "," + String(repeating: "\n", count: shape.count - 1 - axis) + String(repeating: " ", count: axis + 8)
        text += "["
        var i = 0
        while i < length {
            if i > 0 { text += separator }
            if edge < length / 2, i == edge {
                text += "…"
                i = length - edge
                continue
            }
            write(axis: axis + 1, from: start + i * step)
            i += 1
        }
        text += "]"
    }
}
