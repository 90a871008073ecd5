import Graph
import TensorCore

/// Rows and columns at the four sides of images.
public struct Borders: Sendable, Hashable, ExpressibleByIntegerLiteral {
    /// Rows above.
    public var top: Int
    /// Rows below.
    public var bottom: Int
    /// Columns to the left.
    public var left: Int
    /// Columns to the right.
    public var right: Int

    /// See the type.
    public init(top: Int = 0, bottom: Int = 0, left: Int = 0, right: Int = 0) {
        self.top = top
        self.bottom = bottom
        self.left = left
        self.right = right
    }

    /// So many rows at both sides, and so many columns.
    public init(_ rows: Int, _ columns: Int) { self.init(top: rows, bottom: rows, left: columns, right: columns) }
    /// As many at every side.
    public init(integerLiteral value: Int) { self.init(value, value) }

    var json: Json { .array([.array([.int(top), .int(bottom)]), .array([.int(left), .int(right)])]) }

    func check(_ argument: String, _ layer: String) throws(SwiftConvError) {
        guard min(top, bottom, left, right) >= 0 else {
            throw .invalidArgument("\(layer): \(argument): expected numbers of at least 0, received \(self)")
        }
    }
}

extension LayerConfig {
    /// One number, two (rows and columns), or two pairs.
    func borders(_ key: String, default missing: Borders) throws(SwiftConvError) -> Borders {
        guard let json = self[key] else { return missing }
        if let number = json.asInt { return Borders(number, number) }
        guard let items = json.asArray, items.count == 2 else { throw wrong(key, "a number, 2 numbers or 2 pairs") }
        var pairs: [[Int]] = []
        for item in items {
            guard let pair = item.asInt.map({ [$0, $0] }) ?? item.asInts, pair.count == 2 else {
                throw wrong(key, "a number, 2 numbers or 2 pairs")
            }
            pairs.append(pair)
        }
        return Borders(top: pairs[0][0], bottom: pairs[0][1], left: pairs[1][0], right: pairs[1][1])
    }
}

/// Rows and columns of zeros around images.
public final class ZeroPadding2D: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "ZeroPadding2D" }
    /// How many at each side.
    public let padding: Borders
    /// The order of the axes of images.
    public let dataFormat: DataFormat

    /// See the type.
    public init(_ padding: Borders = 1, dataFormat: DataFormat = .channelsLast, name: String? = nil, dtype: DType = .float32) {
        self.padding = padding
        self.dataFormat = dataFormat
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        padding = try config.borders("padding", default: 1)
        dataFormat = try config.dataFormat()
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config["padding"] = padding.json
        config.set("data_format", dataFormat.rawValue)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try padding.check("padding", name)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try expectRank(4, x.shape, name)
        let rows = (before: padding.top, after: padding.bottom)
        let columns = (before: padding.left, after: padding.right)
        let none = (before: 0, after: 0)
        let y = try x.padded(dataFormat == .channelsLast ? [none, rows, columns, none] : [none, none, rows, columns])
        return try nonEmpty(y, from: x, dataFormat, name)
    }
}

/// Images without their outer rows and columns.
public final class Cropping2D: Module, ConfigurableLayer {
    /// Keras's name.
    public static var className: String { "Cropping2D" }
    /// How many at each side.
    public let cropping: Borders
    /// The order of the axes of images.
    public let dataFormat: DataFormat

    /// See the type.
    public init(_ cropping: Borders = 0, dataFormat: DataFormat = .channelsLast, name: String? = nil, dtype: DType = .float32) {
        self.cropping = cropping
        self.dataFormat = dataFormat
        super.init(name: name, dtype: dtype)
    }

    /// From a file.
    public init(config: LayerConfig) throws(SwiftConvError) {
        cropping = try config.borders("cropping", default: 0)
        dataFormat = try config.dataFormat()
        try super.init(base: config)
        try checkRead(config)
    }

    /// For files.
    public var config: LayerConfig {
        var config = baseConfig
        config["cropping"] = cropping.json
        config.set("data_format", dataFormat.rawValue)
        return config
    }

    override func checkArguments() throws(SwiftConvError) {
        try super.checkArguments()
        try cropping.check("cropping", name)
    }

    /// What it computes.
    public override func call(_ x: Tensor, training: Bool) throws(SwiftConvError) -> Tensor {
        try expectRank(4, x.shape, name)
        let axes = dataFormat.spatialAxes
        var begin = [0, 0, 0, 0]
        var size = x.shape
        let sides = [(before: cropping.top, after: cropping.bottom), (before: cropping.left, after: cropping.right)]
        for (axis, side) in zip(axes, sides) {
            // Neither difference overflows: all numbers are at least 0.
            guard size[axis] - side.before > side.after else {
                throw .invalidArgument("\(name): nothing would be left of an input of shape \(shapeText(x.shape))")
            }
            begin[axis] = side.before
            size[axis] -= side.before + side.after
        }
        return try applyOne("slice", [x], ["begin": .ints(begin), "size": .ints(size), "strides": .ints([1, 1, 1, 1])])
    }
}
