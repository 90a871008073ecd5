import TensorCore

extension Op {
    /// `axis` counted from the front, if it is one of `rank` axes.
    func normalizedAxis(_ axis: Int, rank: Int, _ argument: String = "axis") throws(ConvError) -> Int {
        guard axis >= -rank, axis < rank else {
            let expected = rank == 0 ? "no axis (the input has no dimensions)" : "an axis from \(-rank) to \(rank - 1)"
            throw .invalidArgument("\(name): \(argument): expected \(expected), received \(axis)")
        }
        return axis < 0 ? axis + rank : axis
    }

    /// The attribute `axes`, sorted and counted from the front; an empty list means all.
    func normalizedAxes(_ attributes: Attributes, rank: Int) throws(ConvError) -> [Int] {
        let given = try attributes.ints("axes", default: [])
        if given.isEmpty { return Array(0..<rank) }
        var axes: [Int] = []
        for axis in given {
            let normal = try normalizedAxis(axis, rank: rank, "axes")
            guard !axes.contains(normal) else { throw .invalidArgument("\(name): axes: axis \(axis) is given twice in \(given)") }
            axes.append(normal)
        }
        return axes.sorted()
    }

    /// The attribute `key`: as many integers as there are dimensions.
    func ints(_ key: String, _ attributes: Attributes, count: Int) throws(ConvError) -> [Int] {
        let values = try attributes.ints(key)
        guard values.count == count else {
            throw .invalidArgument("\(name): \(key): expected \(count) integers, one for each dimension, received \(values)")
        }
        return values
    }
}
