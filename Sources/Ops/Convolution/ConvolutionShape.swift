import TensorCore

/// A convolution's sizes and positions, the same for the forward op and its two backwards.
struct ConvolutionShape: Sendable, Hashable {
    var dtype: DataType
    var n: Int
    var geometry: Geometry
    var ic: Int
    var oc: Int
    var groups: Int

    var ih: Int { geometry.h.input }
    var iw: Int { geometry.w.input }
    var oh: Int { geometry.h.output }
    var ow: Int { geometry.w.output }
    var kh: Int { geometry.h.window }
    var kw: Int { geometry.w.window }
    var icPerGroup: Int { ic / groups }
    var ocPerGroup: Int { oc / groups }
    var inputShape: [Int] { [n, ih, iw, ic] }
    var filterShape: [Int] { [kh, kw, icPerGroup, oc] }
    var outputShape: [Int] { [n, oh, ow, oc] }
    /// Additions and multiplications of the textbook formula, borders included; the largest Int where it is larger still.
    var flops: Int {
        var product = 2
        for factor in [n, oh, ow, oc, kh, kw, icPerGroup] {
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            if overflow { return Int.max }
            product = next
        }
        return product
    }

    /// All checks of the three ops. `output` is given by the backwards, to be compared.
    init(
        op: String, input: TensorSpec, inputName: String, filter: TensorSpec, filterName: String, output: TensorSpec? = nil,
        _ attributes: Attributes
    ) throws(ConvError) {
        guard input.rank == 4 else {
            throw .invalidArgument("\(op): \(inputName): expected rank 4 [n, h, w, c], received shape \(shapeText(input.shape))")
        }
        guard filter.rank == 4 else {
            throw .invalidArgument("\(op): \(filterName): expected rank 4 [h, w, in, out], received shape \(shapeText(filter.shape))")
        }
        guard filter.dtype == input.dtype else {
            throw .wrongType("\(op): \(filterName): expected \(input.dtype), the type of \(inputName), received \(filter.dtype)")
        }
        dtype = input.dtype
        n = input.shape[0]
        ic = input.shape[3]
        oc = filter.shape[3]
        for (name, shape) in [(inputName, input.shape), (filterName, filter.shape)] {
            guard shape.allSatisfy({ 0 <= $0 && $0 <= WindowAxis.limit }) else {
                throw .invalidArgument("\(op): \(name): expected dimensions from 0 to \(WindowAxis.limit), received \(shapeText(shape))")
            }
        }
        let depth = filter.shape[2]
        guard depth > 0 else {
            throw .invalidArgument("\(op): \(filterName): expected an in-depth of at least 1, received shape \(shapeText(filter.shape))")
        }
        guard ic > 0, ic % depth == 0 else {
            throw .invalidArgument(
                "\(op): input depth must be a positive multiple of the filter's in-depth: \(ic) vs \(depth) "
                    + "[\(inputName): \(shapeText(input.shape)), \(filterName): \(shapeText(filter.shape))]")
        }
        groups = ic / depth
        guard oc % groups == 0 else {
            throw .invalidArgument(
                "\(op): output depth must be a multiple of the number of groups: \(oc) vs \(groups) "
                    + "[\(inputName): \(shapeText(input.shape)), \(filterName): \(shapeText(filter.shape))]")
        }
        geometry = try Geometry(
            op: op, input: (input.shape[1], input.shape[2]), window: (filter.shape[0], filter.shape[1]),
            strides: try attributes.ints("strides", default: [1, 1]), dilations: try attributes.ints("dilations", default: [1, 1]),
            padding: try Padding(attributes, op: op))
        if let output {
            guard output.dtype == dtype else { throw .wrongType("\(op): dy: expected \(dtype), received \(output.dtype)") }
            guard output.shape == outputShape else {
                throw .invalidArgument(
                    "\(op): dy: expected shape \(shapeText(outputShape)) for \(inputName) \(shapeText(input.shape)), \(filterName) "
                        + "\(shapeText(filter.shape)) and these strides, dilations and padding, received \(shapeText(output.shape))")
            }
        }
    }

    /// The strides, dilations and padding alone, for the ops of the gradient.
    static func window(_ attributes: Attributes) -> Attributes {
        Attributes(attributes.values.filter { ["strides", "dilations", "padding"].contains($0.key) })
    }
}
