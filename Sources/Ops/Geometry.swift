import TensorCore

/// How the borders of an image are treated, as in TensorFlow.
package enum Padding: Sendable, Hashable {
    /// ceil(n / stride) outputs; half of the zeros before, the odd one after.
    case same
    /// No zeros.
    case valid
    case explicit(top: Int, bottom: Int, left: Int, right: Int)

    /// Reads `padding` from the attributes of `op`: "SAME", "VALID" or [top, bottom, left, right].
    package init(_ attributes: Attributes, op: String, default fallback: Padding = .valid) throws(ConvError) {
        switch attributes["padding"] {
        case nil: self = fallback
        case .string("SAME"): self = .same
        case .string("VALID"): self = .valid
        case .ints(let p) where p.count == 4:
            guard p.allSatisfy({ 0 <= $0 && $0 <= WindowAxis.limit }) else {
                throw .invalidArgument("\(op): padding: expected amounts of at least 0 [top, bottom, left, right], received \(p)")
            }
            self = .explicit(top: p[0], bottom: p[1], left: p[2], right: p[3])
        case .string(let word):
            throw .invalidArgument("\(op): padding: expected \"SAME\", \"VALID\" or four amounts, received \"\(word)\"")
        case .ints(let p):
            throw .invalidArgument("\(op): padding: expected four amounts [top, bottom, left, right], received \(p)")
        case .some(let other):
            throw .wrongType("\(op): padding: expected \"SAME\", \"VALID\" or four amounts, received \(other)")
        }
    }
}

/// A window that slides along one axis: tap `t` of output `o` lies at input `o · stride + t · dilation − before`.
package struct WindowAxis: Sendable, Hashable {
    package var input: Int
    package var window: Int
    package var stride: Int
    package var dilation: Int
    /// Zeros (or −∞, or nothing: the op says) before the first and after the last input. Windows may end short of `after`.
    package var before: Int
    package var after: Int
    package var output: Int

    /// The largest size, stride, dilation or padding that is accepted: products of two of them then fit in 64 bits.
    package static let limit = Int(Int32.max)

    /// The checks of one axis, with the sizes, shared by convolution and pooling. `axis` is "height" or "width".
    package init(
        op: String, axis: String, input: Int, window: Int, stride: Int, dilation: Int, padding: Padding
    ) throws(ConvError) {
        for (name, value, least) in [
            ("input", input, 0), ("window", window, 1), ("stride", stride, 1), ("dilation", dilation, 1),
        ] where value < least || value > Self.limit {
            throw .invalidArgument("\(op): expected \(axis) \(name) from \(least) to \(Self.limit), received \(value)")
        }
        self.input = input
        self.window = window
        self.stride = stride
        self.dilation = dilation
        let extent = (window - 1) * dilation + 1
        switch padding {
        case .same:
            output = (input + stride - 1) / stride
            let total = max((output - 1) * stride + extent - input, 0)
            before = output == 0 ? 0 : total / 2
            after = output == 0 ? 0 : total - total / 2
        case .valid, .explicit:
            if case .explicit(let top, let bottom, let left, let right) = padding {
                (before, after) = axis == "height" ? (top, bottom) : (left, right)
            } else {
                (before, after) = (0, 0)
            }
            // TensorFlow's formula, division toward zero: a filter a little larger than the input gives an empty result.
            output = (input + before + after - extent + stride) / stride
            guard output >= 0 else {
                throw .invalidArgument(
                    "\(op): computed output \(axis) would be negative: \(output) "
                        + "[input: \(input), padding: \(before) + \(after), effective filter: \(extent), stride: \(stride)]; "
                        + "use a smaller filter or padding \"SAME\"")
            }
        }
    }

    /// Where tap 0 of output `o` lies in the input.
    @inline(__always) package func start(_ o: Int) -> Int { o * stride - before }

    /// The taps of output `o` that lie in the input.
    @inline(__always) package func taps(_ o: Int) -> Range<Int> {
        let first = start(o)
        let low = first >= 0 ? 0 : (-first + dilation - 1) / dilation
        let high = first >= input ? 0 : (input - 1 - first) / dilation + 1
        return min(low, window)..<max(min(low, window), min(high, window))
    }

    /// The outputs for which tap `t` lies in the input.
    package func outputs(tap t: Int) -> Range<Int> {
        let offset = t * dilation - before
        let low = offset >= 0 ? 0 : (-offset + stride - 1) / stride
        let high = offset >= input ? 0 : (input - 1 - offset) / stride + 1
        return min(low, output)..<max(min(low, output), min(high, output))
    }
}

/// The two axes of a window that slides over images [n, h, w, c].
package struct Geometry: Sendable, Hashable {
    package var h: WindowAxis
    package var w: WindowAxis

    package init(
        op: String, input: (h: Int, w: Int), window: (h: Int, w: Int), strides: [Int], dilations: [Int] = [1, 1],
        padding: Padding
    ) throws(ConvError) {
        for (name, pair) in [("strides", strides), ("dilations", dilations)] {
            guard pair.count == 2 else {
                throw .invalidArgument("\(op): \(name): expected two integers [height, width], received \(pair)")
            }
            guard pair.allSatisfy({ $0 >= 1 }) else {
                throw .invalidArgument("\(op): \(name): expected integers of at least 1, received \(pair)")
            }
        }
        h = try WindowAxis(
            op: op, axis: "height", input: input.h, window: window.h, stride: strides[0], dilation: dilations[0], padding: padding)
        w = try WindowAxis(
            op: op, axis: "width", input: input.w, window: window.w, stride: strides[1], dilation: dilations[1], padding: padding)
    }

    /// The number of taps of a window.
    package var taps: Int { h.window * w.window }
    /// The number of outputs of an image.
    package var outputs: Int { h.output * w.output }
}
