import Foundation
import SwiftConv
import Testing
import _TestSupport

/// Making, subscripts, changes, description and coding.
@Suite struct ValueTests {
    @Test func tensorsAreMadeOfManyThings() throws {
        #expect(try Tensor([[1, 2], [3, 4]]).shape == [2, 2])
        #expect(try Tensor([[1, 2], [3, 4]]).dtype == .float32)
        #expect(try Tensor([[[1], [2]], [[3], [4]]]).shape == [2, 2, 1])
        #expect(try Tensor([[[[1, 2]]]]).shape == [1, 1, 1, 2])
        #expect(try Tensor([[1, 2]] as [[Int32]]).dtype == .int32)
        #expect(try Tensor([true, false]).dtype == .bool)
        #expect(try Tensor([1, 2] as [Int]).dtype == .int64)
        #expect(try Tensor(2.5).shape == [])
        #expect(try Tensor(Int32(3)).scalar(as: Int.self) == 3)
        #expect(try Tensor(repeating: 2.5, shape: [2, 2]).dtype == .float64)
        #expect(try Tensor(2..<5).scalars(as: Int.self) == [2, 3, 4])
        #expect(try Tensor.zeros(like: Tensor([1, 2] as [Double])).dtype == .float64)
        #expect(try Tensor.full(like: Tensor([1, 2]), 3, dtype: .int32).scalars(as: Int.self) == [3, 3])
        #expect(try Tensor.ones(like: Tensor([1, 2])).scalars() == [1, 1])
        #expect(try Tensor.eye(2, columns: 3, diagonal: 1).scalars() == [0, 1, 0, 0, 0, 1])
        #expect(try Tensor.arange(to: 3).scalars(as: Int.self) == [0, 1, 2])
        #expect(try Tensor.arange(from: 5, to: 0, step: -2).scalars(as: Int.self) == [5, 3, 1])
        #expect(isClose(try Tensor.arange(from: 0.0, to: 1, step: 0.25).scalars(), [0, 0.25, 0.5, 0.75]))
        #expect(try Tensor.linspace(from: 0, to: 1, count: 5).scalars() == [0, 0.25, 0.5, 0.75, 1])
        #expect(try Tensor.linspace(from: 2, to: 3, count: 1).scalars() == [2])
        #expect(try Tensor([] as [Float]).count == 0)
        expectError("rows of 2 elements", "received 1") { try Tensor([[1, 2], [3]]) }
        expectError("arange: step") { try Tensor.arange(to: 3, step: 0) }
        expectError("arange") { try Tensor.arange(from: .min, to: .max) }
        expectError("arange") { try Tensor.arange(from: 0.0, to: .infinity) }
        expectError("linspace: count") { try Tensor.linspace(from: 0, to: 1, count: -1) }
        expectError("eye") { try Tensor.eye(-1) }
    }

    @Test func subscriptsTakeAllKindsOfParts() throws {
        let x = try counting(2, 3, 4)
        #expect(try x[-2, -1, -4].scalar() == 8)
        #expect(try x[0, 0, -3..<(-1)].scalars() == [1, 2])
        #expect(try x[0, 0, (-2)...].scalars() == [2, 3])
        #expect(try x[0, 0, ...1].scalars() == [0, 1])
        #expect(try x[0, 0, -2...(-1)].scalars() == [2, 3])
        #expect(try x[.ellipsis, 0].shape == [2, 3])
        #expect(try x[0, .ellipsis, .stride(by: 2)].scalars() == [0, 2, 4, 6, 8, 10])
        #expect(try x[0, 0, .stride(by: -1)].scalars() == [3, 2, 1, 0])
        #expect(try x[0, 0, .stride(from: -1, to: 0, by: -2)].scalars() == [3, 1])
        #expect(try x[0, 0, .stride(from: 1, to: 100, by: 2)].scalars() == [1, 3])
        #expect(try x[0, 0, .stride(from: 3, to: 1, by: 1)].shape == [0])
        #expect(try x[.newAxis, 0, .all, .newAxis].shape == [1, 3, 1, 4])
        #expect(try x[1, 1..<1].shape == [0, 4])
        #expect(try x[...].isEqual(to: x))
        let (i, range, last) = (1, 0..<2, 2...)
        #expect(try x[i].shape == [3, 4])
        #expect(try x[i, range, last].shape == [2, 2])
        #expect(try x[i, 0...1, ..<3].shape == [2, 3])
        expectError("subscript: axis 0", "−2 to 1", "2") { try x[2] }
        expectError("subscript: axis 1", "0..<3", "2..<5") { try x[0, 2..<5] }
        expectError("at most 3 indices") { try x[0, 0, 0, 0] }
        expectError("ellipsis") { try x[.ellipsis, .ellipsis] }
        expectError("stride other than 0") { try x[.stride(by: 0)] }
        expectError("range between integers") { try x[.all..<2] }
    }

    @Test func changesStayWithTheirTensor() throws {
        var x = try counting(2, 3)
        let before = x
        try x.set(Tensor([7, 8, 9]), at: 0)
        #expect(try x.scalars() == [7, 8, 9, 3, 4, 5])
        #expect(try before.scalars() == [0, 1, 2, 3, 4, 5])
        try x.set(0, at: .all, 1)
        #expect(try x.scalars() == [7, 0, 9, 3, 0, 5])
        try x.set(Tensor([1, 2]), at: 1, .stride(by: -2))
        #expect(try x.scalars() == [7, 0, 9, 2, 0, 1])
        let row = 1
        try x.set(-1, at: row, 0..<2)
        #expect(try x.scalars() == [7, 0, 9, -1, -1, 1])
        try x.withMutableScalars(as: Float.self) { $0[0] = 100 }
        let sum = try x.withScalars(as: Float.self) { $0.reduce(0, +) }
        #expect(sum == 108)
        #expect(try before.scalars()[0] == 0)
        // memory that nobody else holds is changed in place
        let first = try x.withMutableScalars(as: Float.self) { UInt(bitPattern: $0.baseAddress) }
        let second = try x.withMutableScalars(as: Float.self) { UInt(bitPattern: $0.baseAddress) }
        #expect(first == second)
        var scalar = try Tensor(1)
        try scalar.set(5)
        #expect(try scalar.scalar() == 5)
        expectError("set: value", "float32", "int32") { try x.set(Tensor(0..<3), at: 0) }
        expectError("broadcast") { try x.set(Tensor([1, 2]), at: 0) }
        expectError("withMutableScalars", "float32", "Double") { try x.withMutableScalars(as: Double.self) { $0[0] = 1 } }
        #expect(try x.scalars() == [100, 0, 9, -1, -1, 1])
    }

    @Test func changesAreDifferentiated() throws {
        let g = try gradient(at: Tensor([1, 2, 3])) { x throws(SwiftConvError) in
            var y = try x * x
            try y.set(x[0] * 10, at: 1)
            return y
        }
        #expect(try g.scalars() == [12, 0, 6])
    }

    @Test func scalarsAreExact() throws {
        #expect(try Tensor([Int64.max]).scalars(as: Int64.self) == [.max])
        #expect(try Tensor([Int.min]).scalars(as: Int.self) == [.min])
        #expect(try Tensor([1.5, -1]).scalars(as: Bool.self) == [true, true])
        #expect(try Tensor([300, -1]).scalars(as: UInt8.self) == [255, 0])
    }

    @Test func descriptionsHaveColumns() throws {
        #expect("\(try Tensor([[1, -20], [3, 4]]))" == "Tensor([[  1.0, -20.0],\n        [  3.0,   4.0]], shape: (2, 2), dtype: float32)")
        #expect("\(try Tensor([true, false]))" == "Tensor([ true, false], shape: (2,), dtype: bool)")
        #expect("\(try Tensor([Int64.max]))" == "Tensor([9223372036854775807], shape: (1,), dtype: int64)")
        #expect("\(try counting(2, 1, 1))" == "Tensor([[[0.0]],\n\n        [[1.0]]], shape: (2, 1, 1), dtype: float32)")
        #expect("\(try Tensor(1))" == "Tensor(1.0, shape: (), dtype: float32)")
        #expect("\(try counting(1001))" == "Tensor([   0.0,    1.0,    2.0, …,  998.0,  999.0, 1000.0], shape: (1001,), dtype: float32)")
    }

    @Test func codingKeepsEverything() throws {
        let tensors = [
            try Tensor([[1, 0.1], [-3, 4e10]]), try Tensor([0.1, 1e300] as [Double]), try Tensor([Int64.max, .min]),
            try Tensor([1, -2] as [Int32]), try Tensor([1, 255] as [UInt8]), try Tensor([true, false]), try Tensor.zeros([0, 3]),
            try Tensor(2.5),
        ]
        for tensor in tensors {
            let copy = try JSONDecoder().decode(Tensor.self, from: JSONEncoder().encode(tensor))
            #expect(copy.shape == tensor.shape && copy.dtype == tensor.dtype)
            #expect(try tensor.withBytes { Array($0) } == copy.withBytes { Array($0) })
        }
        for text in [
            #"{"shape": [3], "dtype": "float32", "data": [1, 2]}"#, #"{"shape": [-1], "dtype": "float32", "data": []}"#,
            #"{"shape": [1], "dtype": "float16", "data": [1]}"#, #"{"shape": [1], "dtype": "int32", "data": [1.5]}"#,
            #"{"shape": [1], "dtype": "uint8", "data": [256]}"#, #"{"shape": [1], "data": [1]}"#,
            #"{"shape": [9223372036854775807, 9223372036854775807], "dtype": "uint8", "data": [1]}"#,
        ] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(Tensor.self, from: Data(text.utf8)) }
        }
        #expect(throws: EncodingError.self) {
            var symbol: Tensor?
            _ = try gradient(at: Tensor([1])) { x throws(SwiftConvError) in
                symbol = x
                return x
            }
            _ = try JSONEncoder().encode(symbol)
        }
    }

    @Test func theContextSaysWhatIsRead() throws {
        let x = try Tensor([1, 2.75, 300])
        let (bytes, doubles): ([UInt8], [Double]) = (try x.scalars(), try x.scalars())
        #expect(bytes == [1, 3, 255] && doubles == [1, 2.75, 300])
        let (plain, first) = (try x.scalars(), try x[0].scalar())
        #expect(type(of: plain) == [Float].self && type(of: first) == Float.self)
        let position: Int = try x.argmax().scalar()
        #expect(position == 2)
        #expect(try x.scalars() != [1, 3, 300])
    }

    @Test func equalTensorsAreOfOneShapeTypeAndNumbers() throws {
        let x = try Tensor([1, 2])
        #expect(try x == Tensor([1, 2]) && x != Tensor([1, 3]) && x != Tensor([1, 2], shape: [1, 2]))
        #expect(try x != x.cast(to: .float64))
        #expect(try Tensor([Float.nan]) != Tensor([Float.nan]))
        #expect(try Tensor([] as [Float]) == Tensor([] as [Float]))
        _ = try gradient(at: x) { y in
            #expect(y == y && y != x)
            let other = try y + 0
            #expect(y != other)
            return y
        }
        let input = try Input([2])
        #expect(try input == input && input != Input([2]))
    }
}
