import Foundation
import SwiftConv
import Testing
import _TestSupport

@Suite struct ElementwiseTests {
    @Test func functionsAreThoseOfTheCLibrary() throws {
        let numbers = [0.1, 0.5, 1, 2.5, 4.5]
        let x = try Tensor(numbers)
        let functions: [(Tensor, (Double) -> Double)] = [
            (try x.exp(), exp), (try x.exponentialMinusOne(), expm1), (try x.log(), log), (try x.logOnePlus(), log1p),
            (try x.squareRoot(), { $0.squareRoot() }), (try x.reciprocalSquareRoot(), { 1 / $0.squareRoot() }),
            (try x.reciprocal(), { 1 / $0 }), (try x.square(), { $0 * $0 }), (try x.sin(), sin), (try x.cos(), cos),
            (try x.tanh(), tanh), (try x.erf(), erf), (try x.floor(), { $0.rounded(.down) }), (try x.ceil(), { $0.rounded(.up) }),
            (try x.rounded(), { $0.rounded(.toNearestOrEven) }), (try x.power(1.5), { pow($0, 1.5) }),
        ]
        for (index, (y, function)) in functions.enumerated() {
            #expect(isClose(try y.scalars(as: Double.self), numbers.map(function), 1e-12), "function \(index)")
        }
        #expect(isClose(try Tensor([1.256, -2.345]).rounded(decimals: 2).scalars(), [1.26, -2.34], 1e-2))
        #expect(try Tensor([1234, 1250]).rounded(decimals: -2).scalars() == [1200, 1200])
        #expect(try Tensor([-2, 0, 3]).sign().scalars() == [-1, 0, 1])
        #expect(try Tensor([-2, 3] as [Int32]).absolute().scalars(as: Int.self) == [2, 3])
    }

    @Test func specialNumbersAreFound() throws {
        let x = try Tensor([1, .infinity, .nan, -.infinity])
        #expect(try x.isNaN().scalars(as: Bool.self) == [false, false, true, false])
        #expect(try x.isFinite().scalars(as: Bool.self) == [true, false, false, false])
        #expect(try x.isInfinite().scalars(as: Bool.self) == [false, true, false, true])
    }

    @Test func pairsMeet() throws {
        let (a, b) = (try Tensor([7, -7, 3] as [Int32]), try Tensor([2, 2, -2] as [Int32]))
        #expect(try (a % b).scalars(as: Int.self) == [1, 1, -1])
        #expect(try a.floorDivided(by: b).scalars(as: Int.self) == [3, -4, -2])
        #expect(try a.floorDivided(by: 2).scalars(as: Int.self) == [3, -4, 1])
        #expect(try a.maximum(b).scalars(as: Int.self) == [7, 2, 3])
        #expect(try a.minimum(0).scalars(as: Int.self) == [0, -7, 0])
        #expect(try a.squaredDifference(b).scalars(as: Int.self) == [25, 81, 25])
        #expect(try a.clipped(to: -1...4).scalars(as: Int.self) == [4, -1, 3])
        #expect(try a.clipped(lower: b, upper: a.maximum(b)).scalars(as: Int.self) == [7, 2, 3])
        #expect(try Tensor([2, 3]).power(Tensor([3, 2])).scalars() == [8, 9])
        let n = 3
        #expect(try (n * Tensor([1, 2]) + n - 1).scalars() == [5, 8])
        #expect(try (Tensor([Int64.max - 4]) + 4).scalars(as: Int64.self) == [.max])
        #expect(try (Tensor([Int64(1) << 60]) + (1 << 60 | 1)).scalars(as: Int64.self) == [1 << 61 | 1])
        var x = try Tensor([1, 2])
        try x += 1
        try x *= x
        try x -= Tensor([1, 1])
        try x /= 4
        #expect(try x.scalars() == [0.75, 2])
    }

    @Test func comparisonsGiveBools() throws {
        let (a, b) = (try Tensor([1, 2, 3]), try Tensor([3, 2, 1]))
        func bools(_ x: Tensor) throws -> [Bool] { try x.scalars(as: Bool.self) }
        #expect(try (a .< b).dtype == .bool)
        #expect(try bools(a .< b) == [true, false, false])
        #expect(try bools(a .<= b) == [true, true, false])
        #expect(try bools(a .> b) == [false, false, true])
        #expect(try bools(a .>= 2) == [false, true, true])
        #expect(try bools(a .== b) == [false, true, false])
        #expect(try bools(a .!= 2) == [true, false, true])
        #expect(try bools((a .> 1) .& (a .< 3)) == [false, true, false])
        #expect(try bools((a .> 2) .| (a .< 2)) == [true, false, true])
        #expect(try bools((a .> 1) .^ (a .> 2)) == [false, true, false])
        #expect(try bools(.!(a .> 1)) == [true, false, false])
        #expect(try bools(Tensor([0, 2]).logicalNot()) == [true, false])
        #expect(try which(a .> b, a, b).scalars() == [3, 2, 3])
        #expect(try which(a .> 1, a, 0).scalars() == [0, 2, 3])
        #expect(try which(a .> 1, -1, a).scalars() == [1, -1, -1])
    }

    @Test func wholeTensorsAreCompared() throws {
        let x = try Tensor([1, 2])
        #expect(try x.isEqual(to: Tensor([1, 2])))
        #expect(try !x.isEqual(to: Tensor([1, 3])))
        #expect(try !x.isEqual(to: Tensor([1, 2], shape: [2, 1])))
        #expect(try !x.isEqual(to: Tensor([1, 2] as [Double])))
        #expect(try x.allClose(to: Tensor([1.000001, 2])))
        #expect(try !x.allClose(to: Tensor([1.1, 2])))
        #expect(try x.isClose(to: Tensor([1.1, 2]), absoluteTolerance: 0.2).all().scalar(as: Bool.self))
        let odd = try Tensor([.nan, .infinity])
        #expect(try odd.isClose(to: odd).scalars(as: Bool.self) == [false, true])
        #expect(try odd.allClose(to: odd, equalNaN: true))
        #expect(try !odd.allClose(to: Tensor([.nan, -.infinity]), equalNaN: true))
    }

    @Test func productsTakeVectorsAndIntegers() throws {
        let m = try Tensor([[1, 2], [3, 4]])
        let v = try Tensor([1, 10])
        #expect(try m.matmul(v).scalars() == [21, 43])
        #expect(try v.matmul(m).scalars() == [31, 42])
        #expect(try v.matmul(v).scalar() == 101)
        #expect(try m.matmul(m, transposeB: true).scalars() == [5, 11, 11, 25])
        #expect(try m.cast(to: .int32).matmul(m.cast(to: .int32)).scalars(as: Int.self) == [7, 10, 15, 22])
        #expect(try Tensor.ones([3, 2, 2]).matmul(m).shape == [3, 2, 2])
        expectError("matmul", "transpose") { try v.matmul(m, transposeA: true) }
        expectError("matmul") { try m.matmul(.ones([3, 3])) }
    }

    @Test func misuseIsExplained() throws {
        let x = try Tensor(0..<3)
        expectError("exp: x", "float32 or float64", "int32") { try x.exp() }
        expectError("divide", "floor_divide") { try x / 2 }
        expectError("integer division by zero") { try x % 0 }
        expectError("whole number", "0.5") { try x + 0.5 }
        expectError("whole number", "int32") { try x + 3e9 }
        expectError("greater: y", "int32", "float32") { try x .> Tensor([1]) }
        expectError("(3,)", "(2,)") { try x + Tensor(0..<2) }
        expectError("select: y", "int32", "float32") { try which(x .> 1, x, Tensor([1])) }
        expectError("rounded: decimals") { try Tensor([1]).rounded(decimals: 1000) }
    }

    @Test func slopesAreThoseOfDifferences() throws {
        let x = try Tensor([0.3, 0.8, 1.7] as [Double])
        try checkSlopes(at: x) { x throws(SwiftConvError) in try (x.sin() * x.exp() + x.log()) / x.squareRoot() }
        try checkSlopes(at: x) { x throws(SwiftConvError) in try which(x .> 1, x.square(), x.power(3)) }
        let y = try gradient(at: x) { x throws(SwiftConvError) in try x * x.stopGradient() }
        #expect(try y.isEqual(to: x))
    }
}
