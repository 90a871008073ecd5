import SwiftConv
import Testing

@Suite struct MergingTests {
    @Test func inputsAreCombined() throws {
        let a = try Tensor([1, 2, 3, 4], shape: [2, 2])
        let b = try Tensor([4, 3, 2, 1], shape: [2, 2])
        #expect(try Add()([a, b, b]).scalars() == [9, 8, 7, 6])
        #expect(try Multiply()([a, b]).scalars() == [4, 6, 6, 4])
        #expect(try Subtract()([a, b]).scalars() == [-3, -1, 1, 3])
        #expect(try Maximum()([a, b]).scalars() == [4, 3, 3, 4])
        #expect(try Minimum()([a, b]).scalars() == [1, 2, 2, 1])
        #expect(try Average()([a, b]).scalars() == [2.5, 2.5, 2.5, 2.5])
        #expect(try Concatenate()([a, b]).scalars() == [1, 2, 4, 3, 3, 4, 2, 1])
        #expect(try Add()([a, try Tensor([10, 20, 30, 40], shape: [2, 1, 2])]).shape == [2, 1, 2])
        #expect(try Add()(a).scalars() == a.scalars())
    }

    @Test func misuseThrows() throws {
        let a = try Tensor.zeros([2, 2])
        #expect(throws: SwiftConvError.self) { try Add()([]) }
        #expect(throws: SwiftConvError.self) { try Add()([a, try Tensor.zeros([2, 3])]) }
        #expect(throws: SwiftConvError.self) { try Add()([a, try Tensor.zeros([1, 2])]) }
        #expect(throws: SwiftConvError.self) { try Add()([a, try Tensor.zeros([])]) }
        #expect(throws: SwiftConvError.self) { try Subtract()([a]) }
        #expect(throws: SwiftConvError.self) { try Concatenate(axis: .min)([a, a]) }
        #expect(throws: SwiftConvError.self) { try Concatenate(axis: 2)([a, a]) }
        #expect(throws: SwiftConvError.self) { try Concatenate()([a, try Tensor.zeros([3, 2])]) }
    }

    @Test func partsOfAModel() throws {
        let x = try Input([4])
        let sum = try Add()([try Dense(3)(x), try Dense(3)(x)])
        let model = try Model(inputs: x, outputs: Concatenate()([sum, x]))
        #expect(try model(try Tensor.zeros([5, 4])).shape == [5, 7])
    }
}
