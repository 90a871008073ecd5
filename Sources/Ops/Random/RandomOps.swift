import TensorCore

/// The family's members; see `docs/ops/README.md`.
let randomOps: [any Op] = [RandomUniform(), RandomNormal(), RandomIntegers(), Dropout(), DropoutBackward()]

extension Op {
    /// Throws unless `inputs[index]` is a generator's state: seed and counter.
    func expectState(_ inputs: [TensorSpec], _ index: Int) throws(ConvError) {
        guard inputs[index] == TensorSpec(.int64, [2]) else {
            throw .invalidArgument("\(name): state: expected int64(2,), seed and counter, received \(inputs[index])")
        }
    }

    /// The output of an op that draws: `shape` and `dtype` of its attributes.
    func drawnSpec(_ attributes: Attributes, default fallback: DataType, allowed: [DataType]) throws(ConvError) -> TensorSpec {
        let word = try attributes.string("dtype", default: fallback.name)
        guard let dtype = DataType(name: word), allowed.contains(dtype) else {
            throw .wrongType("\(name): dtype: expected \(allowed.map(\.name).joined(separator: " or ")), received \"\(word)\"")
        }
        return try TensorSpec(dtype, try attributes.ints("shape")).validated(name)
    }
}
