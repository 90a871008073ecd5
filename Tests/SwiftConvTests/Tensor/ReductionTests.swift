import SwiftConv
import Testing
import _TestSupport

@Suite struct ReductionTests {
    let x: Tensor

    init() throws { x = try Tensor([[1, 2, 3], [4, 5, 9]]) }

    @Test func axesAreReduced() throws {
        #expect(try x.sum(axes: [0]).scalars() == [5, 7, 12])
        #expect(try x.sum(axes: []).isEqual(to: x))
        #expect(try x.product(1).scalars() == [6, 180])
        #expect(try x.min().scalar() == 1)
        #expect(try x.max(0, keepDims: true).shape == [1, 3])
        #expect(try x.mean(axes: [0, 1]).scalar() == 4)
        #expect(try x.variance(1).scalars()[0] == Float(2) / 3)
        #expect(isClose(try x.standardDeviation().scalars(), [Float(40.0 / 6).squareRoot()]))
        #expect(try x.variance(axes: [1], keepDims: true).shape == [2, 1])
        #expect(try (x .> 4).any(1).scalars(as: Bool.self) == [false, true])
        #expect(try (x .> 0).all().scalar(as: Bool.self))
        #expect(try Tensor([3, 4]).norm().scalar() == 5)
        #expect(try Tensor([3, -4]).absoluteSum().scalar() == 7)
        #expect(try x.average(weights: Tensor([1, 0, 3]), 1).scalars() == [2.5, 7.75])
    }

    @Test func smallTypesAreSummedAsIntegers() throws {
        #expect(try Tensor([200, 100] as [UInt8]).sum().scalar(as: Int.self) == 300)
        #expect(try (x .> 2).sum().scalar(as: Int.self) == 4)
        #expect(try Tensor([true, false]).sum().dtype == .int32)
    }

    @Test func positionsAndRunningSums() throws {
        #expect(try x.argmax(axis: 0).scalars(as: Int.self) == [1, 1, 1])
        #expect(try x.argmin().scalars(as: Int.self) == [0, 0])
        #expect(try x.argmax(axis: -1, keepDims: true).shape == [2, 1])
        #expect(try x.cumulativeSum(axis: 1).scalars() == [1, 3, 6, 4, 9, 18])
        #expect(try x.cumulativeSum().scalars() == [1, 2, 3, 5, 7, 12])
    }

    @Test func misuseIsExplained() throws {
        expectError("reduce_sum", "axis", "5") { try x.sum(5) }
        expectError("reduce_sum", "twice") { try x.sum(0, -2) }
        expectError("reduce_mean", "int32") { try Tensor(0..<3).mean() }
        expectError("argmax", "axis") { try x.argmax(axis: 2) }
        expectError("argmax", "elements") { try Tensor.zeros([0]).argmax() }
        expectError("logSumExp: axis") { try x.logSumExp(axis: 3) }
    }

    @Test func slopesAreThoseOfDifferences() throws {
        let x = try self.x.cast(to: .float64)
        try checkSlopes(at: x) { x throws(SwiftConvError) in try x.standardDeviation(1) * x.logSumExp(axis: 1) }
        try checkSlopes(at: x) { x throws(SwiftConvError) in try x.cumulativeSum(axis: 1).log() }
    }
}
