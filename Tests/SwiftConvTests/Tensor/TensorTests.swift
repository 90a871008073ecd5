import SwiftConv
import Testing

@Suite struct TensorTests {
    @Test func arithmeticBroadcasts() throws {
        let x = try Tensor([1, 2, 3, 4], shape: [2, 2])
        let y = try Tensor([10, 20])
        #expect(try (x + y).scalars() == [11, 22, 13, 24])
        #expect(try (2 * x - 1).scalars() == [1, 3, 5, 7])
        #expect(try (-x / 2).scalars() == [-0.5, -1, -1.5, -2])
        #expect(try x.matmul(x).scalars() == [7, 10, 15, 22])
        #expect(try x.power(2).scalars() == [1, 4, 9, 16])
    }

    @Test func reductionsTakeAxes() throws {
        let x = try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
        #expect(try x.sum().scalar() == 21)
        #expect(try x.sum(0).scalars() == [5, 7, 9])
        #expect(try x.mean(1, keepDims: true).shape == [2, 1])
        #expect(try x.max(-1).scalars() == [3, 6])
        #expect(try x.argmax().scalars(as: Int64.self) == [2, 2])
    }

    @Test func subscriptsTakeParts() throws {
        let x = try Tensor((0..<24).map(Float.init), shape: [2, 3, 4])
        #expect(try x[1].shape == [3, 4])
        #expect(try x[1, 2, 3].scalar() == 23)
        #expect(try x[-1, 0].scalars() == [12, 13, 14, 15])
        #expect(try x[.all, 1..<3, 0].scalars() == [4, 8, 16, 20])
        #expect(try x[0, 0, 2...].scalars() == [2, 3])
        #expect(try x[0, 0, ..<2].scalars() == [0, 1])
        #expect(try x[0, 0, 1...2].scalars() == [1, 2])
        #expect(try x[0, .at(1), .range(1..<2)].scalars() == [5])
    }

    @Test func typesAreKeptAndConverted() throws {
        let x = try Tensor([1, 2, 300] as [Int32], shape: [3])
        #expect(x.dtype == .int32)
        #expect(try (x * 2).scalars(as: Int32.self) == [2, 4, 600])
        #expect(try x.cast(to: .float64).scalars(as: Double.self) == [1, 2, 300])
        #expect(try Tensor.full([2], 3, dtype: .int64).scalars(as: Int64.self) == [3, 3])
    }

    @Test func movementsKeepElements() throws {
        let x = try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
        #expect(try x.transpose().scalars() == [1, 4, 2, 5, 3, 6])
        #expect(try x.reshape([3, -1]).shape == [3, 2])
        #expect(try Tensor.concatenate([x, x], axis: 1).shape == [2, 6])
        #expect(try x.padded([(1, 0), (0, 1)]).scalars() == [0, 0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 0])
        #expect(try x.gather(Tensor([2, 0] as [Int32], shape: [2]), axis: 1).scalars() == [3, 1, 6, 4])
    }

    @Test func descriptionShowsNumbers() throws {
        #expect("\(try Tensor([1, 2, 3, 4], shape: [2, 2]))" == "Tensor([[1.0, 2.0],\n        [3.0, 4.0]], shape: (2, 2), dtype: float32)")
        #expect("\(try Tensor.zeros([2000]))".contains("…"))
        #expect("\(try Tensor.zeros([0, 3]))".contains("shape: (0, 3)"))
    }

    @Test func misuseThrows() throws {
        let x = try Tensor([1, 2, 3, 4], shape: [2, 2])
        #expect(throws: SwiftConvError.self) { try Tensor([1, 2, 3], shape: [2, 2]) }
        #expect(throws: SwiftConvError.self) { try Tensor([], shape: [-1]) }
        #expect(throws: SwiftConvError.self) { try Tensor.zeros([Int.max, Int.max]) }
        #expect(throws: SwiftConvError.self) { try Tensor.full([Int.max, 4], 1) }
        #expect(throws: SwiftConvError.self) { try x + Tensor([1, 2, 3]) }
        #expect(throws: SwiftConvError.self) { try x + Tensor([1, 2] as [Int32], shape: [2]) }
        #expect(throws: SwiftConvError.self) { try x.reshape([3]) }
        #expect(throws: SwiftConvError.self) { try x[2] }
        #expect(throws: SwiftConvError.self) { try x[0, 0, 0] }
        #expect(throws: SwiftConvError.self) { try x[1..<4] }
        #expect(throws: SwiftConvError.self) { try x[.all..<2] }
        #expect(throws: SwiftConvError.self) { try x.scalar() }
        #expect(throws: SwiftConvError.self) { try x.sum(5) }
        #expect(throws: SwiftConvError.self) { try x.transpose([0]) }
        #expect(throws: SwiftConvError.self) { try Tensor([1] as [Int32], shape: [1]) + 0.5 }
        #expect(throws: SwiftConvError.self) { try Tensor.concatenate([]) }
        #expect(throws: SwiftConvError.self) { try nn.conv2d(x, x) }
        #expect(throws: SwiftConvError.self) { try nn.depthwiseConv2d(x, x) }
    }

    @Test func randomNumbersFollowTheSeed() throws {
        Random.setSeed(3)
        let a = try Random.normal([1000])
        let b = try Random.normal([1000])
        #expect(try a.scalars() != b.scalars())
        let mean = try b.mean().scalar()
        #expect(abs(mean) < 0.2)
        let u = try Random.uniform([100], in: 2...3)
        #expect(try u.scalars().allSatisfy { $0 >= 2 && $0 <= 3 })
    }

    @Test func gradientsFlowThroughFunctions() throws {
        let x = try Tensor([1, -2, 3])
        let g = try gradient(at: x) { x throws(SwiftConvError) in try (x * x * 3).sum() }
        #expect(try g.scalars() == [6, -12, 18])
        let (value, gradients) = try valueWithGradient(at: [x, x]) { v throws(SwiftConvError) in try nn.relu(v[0]).sum() }
        #expect(try value.scalar() == 4)
        #expect(try gradients[0].scalars() == [1, 0, 1])
        #expect(try gradients[1].scalars() == [0, 0, 0])
        // A symbol has no numbers, and none outside of its function.
        #expect(throws: SwiftConvError.self) {
            try gradient(at: x) { x throws(SwiftConvError) in
                _ = try x.scalars()
                return x
            }
        }
        nonisolated(unsafe) var leaked = x
        _ = try gradient(at: x) { x throws(SwiftConvError) in
            leaked = x
            return x
        }
        #expect(leaked.isSymbolic)
        #expect(throws: SwiftConvError.self) { try gradient(at: x) { y throws(SwiftConvError) in try y + leaked } }
    }
}
