import CKernelInterface
import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Ops

@Suite struct RandomTests {
    private func state(_ seed: Double, _ counter: Double = 0) -> TestTensor { TestTensor(.int64, [2], [seed, counter]) }

    /// The known answers that the authors of the generator publish with Random123.
    @Test func philoxGivesTheKnownAnswers() {
        func words(_ counter: Philox.Block, _ key: (UInt32, UInt32)) -> [UInt32] {
            let b = Philox(key: key).block(counter)
            return [b.0, b.1, b.2, b.3]
        }
        let ones = UInt32.max
        #expect(words((0, 0, 0, 0), (0, 0)) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
        #expect(words((ones, ones, ones, ones), (ones, ones)) == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
        #expect(
            words((0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), (0xa409_3822, 0x299f_31d0))
                == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
    }

    @Test(arguments: ["random_uniform", "random_normal", "random_integers"])
    func threadsAndPositionsDoNotMatter(_ name: String) throws {
        var attributes: Attributes = ["shape": .ints([40001])]
        if name == "random_integers" { attributes = ["shape": .ints([40001]), "low": .int(-5), "high": .int(70)] }
        let one = try applyOp(name, [state(3)], attributes)[0]
        #expect(try applyOp(name, [state(3)], attributes, threads: 3)[0] == one)
        attributes["shape"] = .ints([100])
        let later = try applyOp(name, [state(3, 1001)], attributes)[0]
        #expect(Array(one.numbers[1001..<1101]) == later.numbers)
        #expect(try applyOp(name, [state(4)], attributes)[0].numbers != Array(one.numbers[..<100]))
    }

    @Test(arguments: [DataType.float32, .float64])
    func uniformFillsItsRange(_ dtype: DataType) throws {
        let x = try applyOp(
            "random_uniform", [state(7)],
            ["shape": .ints([100_000]), "low": .double(-2), "high": .double(6), "dtype": .string(dtype.name)])[0].numbers
        #expect(x.allSatisfy { $0 >= -2 && $0 < 6 })
        // Ten bins of 10,000 expected each: a binomial's standard deviation is 95.
        for bin in 0..<10 {
            let low = -2 + 0.8 * Double(bin)
            #expect(abs(x.filter { $0 >= low && $0 < low + 0.8 }.count - 10_000) < 500)
        }
    }

    @Test func normalHasItsMomentsAndTails() throws {
        let attributes: Attributes = ["shape": .ints([100_000]), "mean": .double(1), "stddev": .double(3)]
        let z = try applyOp("random_normal", [state(8)], attributes)[0].numbers.map { ($0 - 1) / 3 }
        let n = Double(z.count)
        #expect(abs(z.reduce(0, +) / n) < 0.01)
        #expect(abs(z.reduce(0) { $0 + $1 * $1 } / n - 1) < 0.015)
        #expect(abs(z.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n - 3) < 0.12)
        #expect(abs(Double(z.filter { abs($0) > 1.96 }.count) / n - 0.05) < 0.0025)
        var cut = attributes
        cut["truncated"] = .int(1)
        let t = try applyOp("random_normal", [state(8)], cut)[0].numbers.map { ($0 - 1) / 3 }
        #expect(t.allSatisfy { abs($0) <= 2 + 1e-6 })
        // The variance of a normal cut at two standard deviations: 1 − 4 φ(2) / (2 Φ(2) − 1).
        #expect(abs(t.reduce(0) { $0 + $1 * $1 } / n - 0.774) < 0.01)
    }

    @Test func integersAreEvenAndInRange() throws {
        let x = try applyOp(
            "random_integers", [state(9)], ["shape": .ints([60_000]), "low": .int(250), "high": .int(256), "dtype": .string("uint8")])[0]
            .numbers
        for value in 250..<256 { #expect(abs(x.filter { $0 == Double(value) }.count - 10_000) < 500) }
        #expect(throws: ConvError.self) {
            try applyOp("random_integers", [state(9)], ["shape": .ints([1]), "low": .int(3), "high": .int(3)])
        }
    }

    @Test(arguments: [DataType.float32, .float64])
    func dropoutKeepsTheMeanAndItsMask(_ dtype: DataType) throws {
        let x = TestTensor.random([60, 211], dtype, seed: 5, low: 1, high: 2)
        let outputs = try applyOp("dropout", [x, state(1)], ["rate": .double(0.3)], threads: 2)
        let (y, mask) = (outputs[0].numbers, outputs[1].numbers)
        let kept = mask.reduce(0, +) / Double(mask.count)
        #expect(abs(kept - 0.7) < 0.01)
        let expected = zip(x.numbers, mask).map { $1 == 0 ? 0 : $0 / 0.7 }
        #expect(largestError(y, expected) < 1e-5)
        let dx = try applyOp("dropout_backward", [x, outputs[1]], ["rate": .double(0.3)])[0].numbers
        #expect(largestError(dx, y) < 1e-6)
        #expect(try applyOp("dropout", [x, state(1)], ["rate": .double(0)])[0] == x)
        for rate in [-0.1, 1, .nan] {
            #expect(throws: ConvError.self) { try applyOp("dropout", [x, state(1)], ["rate": .double(rate)]) }
        }
    }
}

/// The vector kernel gives the words of the plain generator, wherever a run of them begins and ends; every level alike.
@Test func philoxKernelAgainstPlain() throws {
    let seed: Int64 = -0x1234_5678_9ABC_DEF0
    for start: UInt64 in [0, 1, 7, 0xFFFF_FFFE, 0x1_FFFF_FFFB, .max - 5] {
        for count in [0, 1, 2, 7, 8, 9, 40] {
            var words = [UInt64](repeating: 0, count: count + 1)
            Kernels.table.random.philox(UInt64(bitPattern: seed), start, count, &words)
            let expected = (0..<count).map { i -> UInt64 in
                let position = start &+ UInt64(i)
                let block = position >> 1
                let b = Philox(seed: seed).block((UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), 0, 0))
                return position & 1 == 0 ? UInt64(b.0) | UInt64(b.1) << 32 : UInt64(b.2) | UInt64(b.3) << 32
            }
            #expect(words == expected + [0])
        }
    }
}
