import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Ops

private func position(_ flat: Int, _ shape: [Int]) -> [Int] {
    var rest = flat
    var result = shape
    for axis in shape.indices.reversed() {
        result[axis] = rest % shape[axis]
        rest /= shape[axis]
    }
    return result
}

private func flat(_ position: [Int], _ shape: [Int]) -> Int { zip(position, shape).reduce(0) { $0 * $1.1 + $1.0 } }

/// The output of `shape` whose element at a position is the input's at `source(position)`, or `other` where that is nil.
private func moved(_ x: TestTensor, _ shape: [Int], other: Double = 0, _ source: ([Int]) -> [Int]?) -> TestTensor {
    let numbers = x.numbers
    return TestTensor(
        x.spec.dtype, shape,
        (0..<shape.reduce(1, *)).map { i in source(position(i, shape)).map { numbers[flat($0, x.spec.shape)] } ?? other })
}

private func counting(_ dtype: DataType, _ shape: [Int]) -> TestTensor {
    TestTensor(dtype, shape, (0..<shape.reduce(1, *)).map { Double(dtype == .bool ? $0 % 2 : $0 % 251) })
}

private func check(
    _ op: String, _ x: TestTensor, _ attributes: Attributes, _ want: TestTensor, _ location: SourceLocation = #_sourceLocation
) throws {
    for level in CPULevel.available {
        try Kernels.withLevel(level) { () throws in
            for threads in [1, 3] {
                #expect(
                    try applyOp(op, [x], attributes, threads: threads)[0] == want, "\(op) \(x.spec) \(threads)", sourceLocation: location)
            }
        }
    }
}

@Test(arguments: [DataType.float32, .float64, .uint8]) func transposeAgainstDefinition(dtype: DataType) throws {
    let cases: [([Int], [Int])] = [
        ([5, 7], [1, 0]), ([16, 16], [1, 0]), ([33, 50], [1, 0]), ([2, 5, 7, 3], [0, 3, 1, 2]),
        ([2, 3, 5, 7], [0, 2, 3, 1]), ([2, 17, 18, 35], [0, 3, 1, 2]), ([2, 35, 17, 18], [0, 2, 3, 1]), ([2, 3, 4, 5], [3, 2, 1, 0]),
        ([2, 3, 4, 5], [1, 0, 2, 3]), ([4, 1, 6], [2, 1, 0]), ([3, 0, 2], [2, 0, 1]), ([6], [0]), ([3, 4, 5, 6, 2], [4, 1, 3, 0, 2]),
        ([150, 131], [1, 0]),
    ]
    for (shape, perm) in cases {
        let x = counting(dtype, shape)
        let want = moved(x, perm.map { shape[$0] }) { p in
            var source = p
            for (axis, from) in perm.enumerated() { source[from] = p[axis] }
            return source
        }
        try check("transpose", x, ["perm": .ints(perm)], want)
    }
    #expect(throws: ConvError.self) { try applyOp("transpose", [counting(dtype, [2, 3])], ["perm": .ints([0, 0])]) }
}

@Test(arguments: [DataType.float32, .float64, .bool]) func sliceAndItsGradient(dtype: DataType) throws {
    let cases: [([Int], [Int], [Int], [Int])] = [
        ([9], [2], [5], [1]), ([9], [8], [9], [-1]), ([9], [1], [4], [2]), ([9], [8], [3], [-3]), ([4, 6], [1, 2], [3, 3], [1, 1]),
        ([4, 6], [3, 5], [2, 3], [-2, -2]), ([4, 6, 5], [0, 5, 0], [4, 6, 5], [1, -1, 1]),
        ([4, 6, 5], [1, 0, 4], [2, 3, 5], [1, 2, -1]),
        ([4, 6], [4, 0], [0, 6], [1, 1]), ([150, 140], [10, 20], [140, 120], [1, 1]),
    ]
    for (shape, begin, size, strides) in cases {
        let x = counting(dtype, shape)
        let attributes: Attributes = ["begin": .ints(begin), "size": .ints(size), "strides": .ints(strides)]
        let want = moved(x, size) { p in p.indices.map { begin[$0] + p[$0] * strides[$0] } }
        try check("slice", x, attributes, want)
        var back = attributes
        back["input_shape"] = .ints(shape)
        let spread = moved(want, shape) { p in
            var source = p
            for axis in p.indices {
                let way = p[axis] - begin[axis]
                guard way % strides[axis] == 0, (0..<size[axis]).contains(way / strides[axis]) else { return nil }
                source[axis] = way / strides[axis]
            }
            return source
        }
        try check("slice_backward", want, back, spread)
    }
    for (begin, size, stride) in [(0, 10, 1), (5, 5, 1), (-1, 2, 1), (0, 2, -1), (0, 2, 0), (0, -1, 1), (3, 3, .max), (9, 1, 1)] {
        #expect(throws: ConvError.self) {
            try applyOp("slice", [counting(dtype, [9])], ["begin": .int(begin), "size": .int(size), "strides": .int(stride)])
        }
    }
}

@Test(arguments: [DataType.float32, .int64, .uint8]) func padInEveryMode(dtype: DataType) throws {
    let cases: [([Int], [Int])] = [
        ([5], [2, 1]), ([4, 5], [0, 0, 3, 2]), ([3, 4], [2, 1, 1, 3]), ([1, 4, 5, 3], [0, 0, 1, 2, 2, 1, 0, 0]), ([4, 5], [0, 0, 0, 0]),
    ]
    for (shape, paddings) in cases {
        let x = counting(dtype, shape)
        let size = shape.indices.map { shape[$0] + paddings[2 * $0] + paddings[2 * $0 + 1] }
        for (mode, skip) in [("constant", 0), ("reflect", 1), ("symmetric", 0)] {
            let want = moved(x, size, other: 3) { p in
                var source = p
                for axis in p.indices {
                    var i = p[axis] - paddings[2 * axis]
                    if mode == "constant", !(0..<shape[axis]).contains(i) { return nil }
                    if i < 0 { i = -i - 1 + skip }
                    if i >= shape[axis] { i = 2 * shape[axis] - 1 - i - skip }
                    source[axis] = i
                }
                return source
            }
            try check("pad", x, ["paddings": .ints(paddings), "mode": .string(mode), "value": .double(3)], want)
        }
    }
    #expect(throws: ConvError.self) {
        try applyOp("pad", [counting(dtype, [3])], ["paddings": .ints([3, 0]), "mode": .string("reflect")])
    }
    #expect(throws: ConvError.self) { try applyOp("pad", [counting(dtype, [3])], ["paddings": .ints([-1, 0])]) }
    #expect(throws: ConvError.self) { try applyOp("pad", [counting(dtype, [3])], ["paddings": .ints([1])]) }
}

@Test(arguments: [DataType.float32, .float64, .bool]) func broadcastTileConcat(dtype: DataType) throws {
    for (from, to) in [([3], [4, 3]), ([4, 1], [4, 3]), ([], [2, 3]), ([1, 3, 1], [2, 2, 3, 5]), ([130], [150, 130])] as [([Int], [Int])] {
        let x = counting(dtype, from)
        let numbers = x.numbers
        let want = TestTensor(dtype, to, (0..<to.reduce(1, *)).map { numbers[broadcastIndex($0, to, from)] })
        try check("broadcast_to", x, ["shape": .ints(to)], want)
    }
    for (shape, times) in [([3], [4]), ([2, 3], [2, 2]), ([2, 3], [1, 3]), ([2, 3, 2], [3, 1, 2]), ([2, 3], [0, 2])] {
        let x = counting(dtype, shape)
        let size = zip(shape, times).map { $0 * $1 }
        try check("tile", x, ["multiples": .ints(times)], moved(x, size) { p in zip(p, shape).map { $0 % $1 } })
    }
    for (shape, axis, sizes) in [([0, 3, 4], 0, [2, 1, 3]), ([2, 0, 4], 1, [1, 0, 5]), ([2, 3, 0], 2, [8, 3, 17])] {
        let parts = sizes.map { n -> TestTensor in
            var part = shape
            part[axis] = n
            return counting(dtype, part)
        }
        var whole = shape
        whole[axis] = sizes.reduce(0, +)
        let want = TestTensor(
            dtype, whole,
            (0..<whole.reduce(1, *)).map { i in
                var p = position(i, whole)
                var part = 0
                while p[axis] >= sizes[part] {
                    p[axis] -= sizes[part]
                    part += 1
                }
                return parts[part].numbers[flat(p, parts[part].spec.shape)]
            })
        for threads in 1...3 { #expect(try applyOp("concat", parts, ["axis": .int(axis - 3)], threads: threads)[0] == want) }
    }
    #expect(throws: ConvError.self) { try applyOp("concat", [counting(dtype, [2, 3]), counting(dtype, [3, 3])], ["axis": .int(1)]) }
}

@Test func reshapeKeepsTheOrder() throws {
    let x = counting(.float32, [2, 3, 4])
    for (shape, want) in [([24], [24]), ([-1], [24]), ([4, -1], [4, 6]), ([2, 3, 4, 1], [2, 3, 4, 1])] {
        let y = try applyOp("reshape", [x], ["shape": .ints(shape)], inPlace: true)[0]
        #expect(y.spec.shape == want && y.bytes == x.bytes)
        #expect(try applyOp("reshape", [x], ["shape": .ints(shape)])[0] == y)
    }
    for bad in [[5], [-1, -1], [-1, 5], [-2, 12], [0, -1], [.max, 4]] {
        #expect(throws: ConvError.self) { try applyOp("reshape", [x], ["shape": .ints(bad)]) }
    }
    #expect(try applyOp("identity", [x])[0] == x)
    #expect(try applyOp("stop_gradient", [x], inPlace: true)[0] == x)
}

@Test func castBetweenAllTypes() throws {
    for from in DataType.allCases {
        for to in DataType.allCases {
            let x = TestTensor(from, [35], (0..<35).map { Double($0 % (from == .bool ? 2 : 35)) })
            let want = to == .bool ? x.numbers.map { $0 != 0 ? 1 : 0 } : x.numbers
            #expect(try applyOp("cast", [x], ["dtype": .string(to.name)])[0] == TestTensor(to, [35], want), "\(from) to \(to)")
        }
    }
    for from in [DataType.float32, .float64] {
        let odd = TestTensor(from, [6], [-1.7, 2.9, .nan, .infinity, -.infinity, 1e30])
        let limits = { (low: Double, high: Double) in [-1, 2, 0, high, low, high] }
        #expect(try applyOp("cast", [odd], ["dtype": .string("int32")])[0].numbers == limits(Double(Int32.min), Double(Int32.max)))
        #expect(try applyOp("cast", [odd], ["dtype": .string("int64")])[0].all(Int64.self) == [-1, 2, 0, .max, .min, .max])
        #expect(try applyOp("cast", [odd], ["dtype": .string("uint8")])[0].numbers.prefix(3) == [255, 2, 0])
    }
    #expect(throws: ConvError.self) { try applyOp("cast", [counting(.float32, [1])], ["dtype": .string("float16")]) }
}

@Test(arguments: [DataType.int32, .int64]) func gatherOneHot(type: DataType) throws {
    let indices = TestTensor(type, [2, 3], [0, 2, 2, 1, 0, 2])
    for axis in 0..<3 {
        let shape = [3, 3, 3]
        let x = TestTensor.random(shape, .float32, seed: 1)
        let size = Array(shape[..<axis] + [2, 3] + shape[(axis + 1)...])
        let want = moved(x, size) { p in
            let index = Int(indices.numbers[p[axis] * 3 + p[axis + 1]])
            return Array(p[..<axis] + [index] + p[(axis + 2)...])
        }
        #expect(try applyOp("gather", [x, indices], ["axis": .int(axis)], threads: 2)[0] == want)
        let dy = TestTensor.random(size, .float64, seed: 2)
        var dx = [Double](repeating: 0, count: 27)
        for (i, g) in dy.numbers.enumerated() {
            let p = position(i, size)
            let index = Int(indices.numbers[p[axis] * 3 + p[axis + 1]])
            dx[flat(Array(p[..<axis] + [index] + p[(axis + 2)...]), shape)] += g
        }
        let back = try applyOp("gather_backward", [indices, dy], ["axis": .int(axis), "input_shape": .ints(shape)], threads: 3)[0]
        #expect(largestError(back.numbers, dx) < 1e-14)
    }
    #expect(throws: ConvError.self) { try applyOp("gather", [counting(.float32, [2]), indices]) }
    #expect(throws: ConvError.self) { try applyOp("gather", [counting(.float32, [9]), TestTensor(type, [1], [-1])]) }
    let hot = try applyOp(
        "one_hot", [TestTensor(type, [3], [1, -1, 3])], ["depth": .int(3), "dtype": .string("int32"), "on_value": .double(7)])[0]
    #expect(hot == TestTensor(.int32, [3, 3], [0, 7, 0, 0, 0, 0, 0, 0, 0]))
    let off = try applyOp("one_hot", [TestTensor(type, [1], [0])], ["depth": .int(2), "off_value": .double(-1)])[0]
    #expect(off == TestTensor(.float32, [1, 2], [1, -1]))
}
