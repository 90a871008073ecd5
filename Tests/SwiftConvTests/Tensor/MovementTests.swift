import SwiftConv
import Testing

@Suite struct MovementTests {
    let x: Tensor

    init() throws { x = try counting(2, 3) }

    @Test func axesComeAndGo() throws {
        #expect(try x.expandDims(at: -1).shape == [2, 3, 1])
        #expect(try x.expandDims(at: 0).squeeze().shape == [2, 3])
        #expect(try x.reshape([1, 2, 1, 3]).squeeze(2).shape == [1, 2, 3])
        #expect(try x.flattened().shape == [6])
        #expect(try counting(2, 3, 4).swapAxes(0, -1).shape == [4, 3, 2])
        #expect(try counting(2, 3, 4).moveAxis(from: 0, to: -1).shape == [3, 4, 2])
        #expect(try x.moveAxis(from: 1, to: 0).scalars() == [0, 3, 1, 4, 2, 5])
        #expect(try x[0].broadcast(to: [2, 3]).scalars() == [0, 1, 2, 0, 1, 2])
    }

    @Test func tensorsAreJoinedAndCut() throws {
        let y = try x + 10
        #expect(try Tensor.stack([x, y]).shape == [2, 2, 3])
        #expect(try Tensor.stack([x, y], axis: -1)[0, 1].scalars() == [1, 11])
        #expect(try x.unstack(axis: 1).map { try $0.scalars() } == [[0, 3], [1, 4], [2, 5]])
        #expect(try x.split(count: 3, axis: 1).map(\.shape) == [[2, 1], [2, 1], [2, 1]])
        #expect(try x.split(sizes: [1, 2], axis: -1).map { try $0.scalars() } == [[0, 3], [1, 2, 4, 5]])
        #expect(try Tensor.concatenate(x.split(sizes: [2, 0, 1], axis: 1), axis: 1).isEqual(to: x))
    }

    @Test func elementsAreRepeated() throws {
        #expect(try Tensor([1, 2]).tile([2]).scalars() == [1, 2, 1, 2])
        #expect(try Tensor([1, 2]).tile([2, 1]).shape == [2, 2])
        #expect(try x.tile([2]).shape == [2, 6])
        #expect(try Tensor([1, 2]).repeated(2).scalars() == [1, 1, 2, 2])
        #expect(try x.repeated(2, axis: 0).scalars() == [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5])
        #expect(try x.flip(1).scalars() == [2, 1, 0, 5, 4, 3])
        #expect(try x.flip().scalars() == [5, 4, 3, 2, 1, 0])
        #expect(try Tensor.zeros([0, 2]).flip().shape == [0, 2])
    }

    @Test func bordersAreFilled() throws {
        let v = try Tensor([1, 2, 3])
        #expect(try v.padded([(1, 2)], value: 9).scalars() == [9, 1, 2, 3, 9, 9])
        #expect(try v.padded([(2, 1)], mode: .reflect).scalars() == [3, 2, 1, 2, 3, 2])
        #expect(try v.padded([(2, 1)], mode: .symmetric).scalars() == [2, 1, 1, 2, 3, 3])
    }

    @Test func elementsArePicked() throws {
        #expect(try x.take([-1, 0], axis: 1).scalars() == [2, 0, 5, 3])
        #expect(try x.gather(Tensor([[0, 1], [1, 0]] as [[Int32]])).shape == [2, 2, 3])
        #expect(try (x .> 3).nonZero().scalars(as: Int.self) == [1, 1, 1, 2])
        #expect(try Tensor([0, 2, 5] as [Int32]).oneHot(depth: 3).scalars() == [1, 0, 0, 0, 0, 1, 0, 0, 0])
        let y = try nn.oneHot(Tensor([1, 0] as [Int32]), depth: 3, axis: 0, onValue: 5, offValue: -1, dtype: .int32)
        #expect(try y.scalars(as: Int.self) == [-1, 5, 5, -1, -1, -1])
    }

    @Test func orderIsMade() throws {
        let v = try Tensor([3, .nan, 1, 2, 1])
        #expect(try v.argsort().scalars(as: Int.self) == [2, 4, 3, 0, 1])
        #expect(try v.argsort(descending: true).scalars(as: Int.self) == [1, 0, 3, 2, 4])
        #expect(try Tensor([[3, 1], [2, 4]]).sorted(axis: 0).scalars() == [2, 1, 3, 4])
        #expect(try Tensor([[3, 1], [2, 4]]).sorted(descending: true).scalars() == [3, 1, 4, 2])
        #expect(try Tensor([Int64.max, .max - 1]).sorted().scalars(as: Int64.self) == [.max - 1, .max])
        let (values, indices) = try Tensor([[1, 5, 3], [9, 7, 8]]).topK(2)
        #expect(try values.scalars() == [5, 3, 9, 8])
        #expect(try indices.scalars(as: Int.self) == [1, 2, 0, 2])
        #expect(try Tensor(1).sorted().scalar() == 1)
        #expect(try Tensor.zeros([2, 0]).sorted().shape == [2, 0])
        #expect(try Tensor([1, 2]).topK(0).values.shape == [0])
    }

    @Test func misuseIsExplained() throws {
        expectError("reshape", "(2, 3)") { try x.reshape([4]) }
        expectError("squeeze: axes", "size 1", "(2, 3)") { try x.squeeze(0) }
        expectError("squeeze: axes", "once") { try x.reshape([1, 6]).squeeze(0, -2) }
        expectError("expandDims: axis", "4") { try x.expandDims(at: 4) }
        expectError("stack", "none") { try Tensor.stack([]) }
        expectError("stack", "(2, 3)", "(3, 2)") { try Tensor.stack([x, x.transpose()]) }
        expectError("split: count", "divisor of 3") { try x.split(count: 2, axis: 1) }
        expectError("split: sizes", "sum to 3") { try x.split(sizes: [1, 1], axis: 1) }
        expectError("split: sizes") { try x.split(sizes: [-1, 4], axis: 1) }
        expectError("take: positions", "-3 to 2", "3") { try x.take([3], axis: 1) }
        expectError("gather: indices", "0 to 1", "7") { try x.gather(Tensor([7] as [Int32])) }
        expectError("pad: paddings") { try x.padded([(1, 1)]) }
        expectError("pad: paddings", "reflect") { try x.padded([(2, 0), (0, 0)], mode: .reflect) }
        expectError("repeated: count") { try x.repeated(-1) }
        expectError("tile: multiples") { try x.tile([-1, 1]) }
        expectError("topK: k", "4") { try x.topK(4) }
        expectError("sorted: axis") { try x.sorted(axis: 2) }
        expectError("symbolic") { try gradient(at: x) { x throws(SwiftConvError) in try x.sorted() } }
    }

    @Test func slopesAreThoseOfDifferences() throws {
        let x = try self.x.cast(to: .float64)
        try checkSlopes(at: x) { x throws(SwiftConvError) in
            try Tensor.stack([x.flip(1), x.repeated(2, axis: 1)[.all, 1..<4]]).tile([1, 2, 1]).square()
        }
        try checkSlopes(at: x) { x throws(SwiftConvError) in
            try x.take([0, 0, 2], axis: 1).padded([(1, 1), (2, 2)], mode: .symmetric).square()
        }
    }
}
