import TensorCore

/// The family's members; see `docs/ops/README.md` and `docs/ops/optimizers.md`.
let optimizerOps: [any Op] = [
    SgdUpdate(), MomentumUpdate(), AdamUpdate(), RmspropUpdate(),
]

/// The fewest elements of an update that are worth another thread.
let optimizerGrain = 8192

/// What the four updates check alike: a floating variable, slots and a gradient of its spec, scalars of one element.
protocol OptimizerUpdate: Op {}

extension OptimizerUpdate {
    /// Throws unless input `index` has the spec of the variable, input 0.
    func expectLikeVariable(_ inputs: [TensorSpec], _ index: Int, _ argument: String) throws(ConvError) {
        guard inputs[index].dtype == inputs[0].dtype else {
            throw .wrongType("\(name): \(argument): expected \(inputs[0].dtype), the type of the variable, received \(inputs[index].dtype)")
        }
        guard inputs[index].shape == inputs[0].shape else {
            throw .invalidArgument(
                "\(name): \(argument): expected shape \(shapeText(inputs[0].shape)), that of the variable, "
                    + "received \(shapeText(inputs[index].shape))")
        }
    }

    /// Throws unless input `index` is one number of one of `types`.
    func expectScalar(
        _ inputs: [TensorSpec], _ index: Int, _ argument: String, _ types: [DataType] = [.float32, .float64]
    ) throws(ConvError) {
        guard types.contains(inputs[index].dtype) else {
            let names = types.map(\.name).joined(separator: " or ")
            throw .wrongType("\(name): \(argument): expected \(names), received \(inputs[index].dtype)")
        }
        guard inputs[index].shape.allSatisfy({ $0 == 1 }) else {
            throw .invalidArgument("\(name): \(argument): expected one number, received shape \(shapeText(inputs[index].shape))")
        }
    }

    /// The attribute `key`, if it is within `range`.
    func number(
        _ attributes: Attributes, _ key: String, default fallback: Double? = nil, in range: ClosedRange<Double>
    ) throws(ConvError) -> Double {
        let value = try attributes.double(key, default: fallback)
        guard range.contains(value) else {
            throw .invalidArgument("\(name): \(key): expected a number from \(range.lowerBound) to \(range.upperBound), received \(value)")
        }
        return value
    }
}

extension OpArguments {
    /// Input `index`, one floating number, as float64.
    func number(_ index: Int, _ dtype: DataType) -> Double {
        dtype == .float32 ? Double(input(index, Float.self).pointee) : input(index, Double.self).pointee
    }
}
