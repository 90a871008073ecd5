import TensorCore
import Testing
import _TestSupport

@testable import Ops
@testable import Runtime

@Suite struct MatMulTests {
    func check(seed: Int, _ dtype: DataType, sizes: (m: Int, n: Int, k: Int)? = nil) throws {
        var r = TestGenerator(seed)
        let leading = r.pick([[], [], [], [2], [2, 3]])
        let sharedB = leading.isEmpty || r.below(2) == 0
        let (m, n, k) =
            sizes ?? (r.pick([1, 1, 2, 5, 6, 7, 13, 40]), r.pick([1, 3, 8, 10, 16, 17, 31, 48]), r.pick([0, 1, 2, 9, 16, 37, 128, 300]))
        let (ta, tb) = (r.below(2), r.below(2))
        let batches = leading.reduce(1, *)
        let a = r.values(batches * m * k)
        let b = r.values((sharedB ? 1 : batches) * k * n)
        let bias = r.values(n)
        let (name, alpha) = r.pick([("linear", 0.0), ("relu", 0), ("relu6", 0), ("leaky_relu", 0.25)])
        let activation = try #require(EpilogueActivation(name, alpha: alpha))
        var expected: [Double] = []
        for batch in 0..<batches {
            for i in 0..<m {
                for j in 0..<n {
                    var sum = bias[j]
                    for p in 0..<k {
                        sum +=
                            a[batch * m * k + (ta == 1 ? p * m + i : i * k + p)]
                            * b[(sharedB ? 0 : batch * k * n) + (tb == 1 ? j * k + p : p * n + j)]
                    }
                    expected.append(activation(sum))
                }
            }
        }
        let attributes: Attributes = [
            "transpose_a": .int(ta), "transpose_b": .int(tb), "activation": .string(name), "alpha": .double(alpha),
        ]
        let inputs = [
            TestTensor(dtype, leading + (ta == 1 ? [k, m] : [m, k]), a),
            TestTensor(dtype, (sharedB ? [] : leading) + (tb == 1 ? [n, k] : [k, n]), b), TestTensor(dtype, [n], bias),
        ]
        let one = try runOp("matmul", inputs, attributes)
        let unit = rounding(dtype)
        let text = "\(leading) m \(m) n \(n) k \(k) transposes \(ta) \(tb), shared b \(sharedB) [\(one.algorithm)], seed \(seed)"
        #expect(one.shape == leading + [m, n])
        #expect(largestError(one.values, expected, scale: Double(k).squareRoot() + 1) < 64 * unit, "\(text)")
        for threads in [2, 3] {
            let more = try runOp("matmul", inputs, attributes, threads: threads, prepacked: threads == 3)
            #expect(one.values.map(\.bitPattern) == more.values.map(\.bitPattern), "\(threads) threads, \(text)")
        }
    }

    @Test func float32AgreesWithTheDefinition() throws { for seed in 0..<150 { try check(seed: seed, .float32) } }
    @Test func float64AgreesWithTheDefinition() throws { for seed in 500..<540 { try check(seed: seed, .float64) } }

    /// Results that are written past the caches where their rows are aligned: the same bits, and nothing beside them is written.
    @Test(arguments: [(40, 64, 7), (205, 96, 70), (13, 40, 9), (30, 50, 64), (7, 128, 1)])
    func streamedResultsHaveTheSameBits(_ size: (m: Int, n: Int, k: Int)) throws {
        var r = TestGenerator(size.m)
        let a = r.values(size.m * size.k).map { Float($0) }
        let b = r.values(size.k * size.n).map { Float($0) }
        let bias = r.values(size.n).map { Float($0) }
        let grid = PixelGrid(
            images: 1, gridH: 1, gridW: size.m, sourceH: 1, sourceW: size.m, sourceImage: 0, sourceRow: 0, sourcePixel: size.k * 4,
            tapsH: [PixelGrid.Tap(index: 0, offset: 0)], tapsW: [PixelGrid.Tap(index: 0, offset: 0)], filterW: 1, targetImage: 0,
            targetRow: 0, targetPixel: size.n * 4)
        for table in Kernels.available.map(\.gemm) {
            func results(cache: Int, offset: Int) -> [Float] {
                let product = IndirectGemm(
                    dtype: .float32, grids: [grid], taps: 1, depth: size.k, columns: size.n, groups: 1,
                    source: ColumnSource(tap: 0, k: size.n, column: 1, group: 0), groupA: 0, groupY: 0, threads: 2, hasBias: true,
                    activation: .relu, cache: cache, kernels: table)
                #expect(product.streams == (cache == 0 && size.n % 16 == 0))
                let count = size.m * size.n
                let y = UnsafeMutableRawPointer.allocate(byteCount: (count + 64) * 4, alignment: 64)
                let scratch = UnsafeMutableRawPointer.allocate(byteCount: product.workspaceBytes(prepacked: false), alignment: 64)
                defer {
                    y.deallocate()
                    scratch.deallocate()
                }
                let all = y.initializeMemory(as: Float.self, repeating: -7, count: count + 64)
                product.run(a: a, b: b, packed: nil, bias: bias, y: y + 64 + offset, workspace: scratch)
                let start = 16 + offset / 4
                #expect(all[start - 1] == -7 && all[start + count] == -7)
                return Array(UnsafeBufferPointer(start: all + start, count: count))
            }
            let plain = results(cache: .max, offset: 0)
            for offset in [0, 4, 32] { #expect(plain == results(cache: 0, offset: offset), "\(size), offset \(offset)") }
        }
    }

    /// Several blocks of rows and of the sum, all four ways the operands may lie.
    @Test func blocksOfRowsAndSums() throws {
        for seed in 700..<708 { try check(seed: seed, .float32, sizes: (m: 205, n: 19, k: 70)) }
        for seed in 710..<714 { try check(seed: seed, .float32, sizes: (m: 9, n: 131, k: 517)) }
        for seed in 720..<724 { try check(seed: seed, .float64, sizes: (m: 23, n: 130, k: 67)) }
        for seed in 730..<734 { try check(seed: seed, .float32, sizes: (m: 3, n: 200, k: 701)) }
        for seed in 740..<744 { try check(seed: seed, .float32, sizes: (m: 15, n: 70, k: 403)) }
        for seed in 750..<754 { try check(seed: seed, .float32, sizes: (m: 23, n: 150, k: 270)) }
        // rows a page apart, whose lines share a set of the first-level cache: copied in parts
        for seed in 770..<778 { try check(seed: seed, .float32, sizes: (m: 211, n: 37, k: 1024)) }
        for seed in 780..<784 { try check(seed: seed, .float64, sizes: (m: 197, n: 9, k: 512)) }
        for seed in 760..<762 { try check(seed: seed, .float64, sizes: (m: 4, n: 1100, k: 37)) }
    }

    /// Tiles over two panels, where a level has them: each height, an odd number of panels, a ragged last one, several steps of the sum.
    @Test(arguments: [64, 96, 127, 128, 150, 160, 200, 320])
    func panelsInPairs(_ n: Int) throws {
        for m in 1...13 { try check(seed: 8000 + 20 * n + m, .float32, sizes: (m: m, n: n, k: 33)) }
        for seed in 0..<4 {
            try check(seed: 20 * n + seed, .float32, sizes: (m: 205, n: n, k: 21))
            try check(seed: 30 * n + seed, .float32, sizes: (m: 9 + seed, n: n, k: 1400))
        }
        try check(seed: n, .float32, sizes: (m: 197, n: n, k: 1300))
    }

    /// A b that stays is packed for few rows too.
    @Test(arguments: [1, 2, 5, 8, 16])
    func constantsOfFewRows(_ m: Int) throws {
        var r = TestGenerator(m)
        for (n, k) in [(10, 128), (150, 37), (64, 300)] {
            for transposed in [0, 1] {
                let inputs = [
                    TestTensor(.float32, [m, k], r.values(m * k)),
                    TestTensor(.float32, transposed == 1 ? [n, k] : [k, n], r.values(k * n)), TestTensor(.float32, [n], r.values(n)),
                ]
                let attributes: Attributes = ["transpose_b": .int(transposed), "activation": .string("relu")]
                let exact = try runOp("matmul", inputs.map { TestTensor($0.spec.shape, $0.numbers) }, attributes)
                let runs = try (1...3).map {
                    try runOp("matmul", inputs, attributes, threads: $0, prepacked: true, constantInputs: [1])
                }
                let text = "\(m) × \(k) × \(n), transposed \(transposed) [\(runs[0].algorithm)]"
                #expect(largestError(runs[0].values, exact.values, scale: Double(k).squareRoot() + 1) < 64 * rounding(.float32), "\(text)")
                #expect(runs[0].outputs == runs[1].outputs && runs[0].outputs == runs[2].outputs, "\(text)")
            }
        }
    }

    @Test func wrongArgumentsThrow() {
        func shouldThrow(_ a: [Int], _ b: [Int], _ text: String) {
            do {
                _ = try MatMul().outputSpecs([TensorSpec(.float32, a), TensorSpec(.float32, b)], [:])
                Issue.record("no error for \(a) times \(b)")
            } catch {
                #expect(error.message.contains(text), "\(error.message)")
            }
        }
        shouldThrow([2, 3], [4, 5], "3 vs 4")
        shouldThrow([3], [3, 5], "rank 2")
        shouldThrow([2, 2, 3], [3, 3, 5], "leading")
        shouldThrow([1 << 30, 1], [1, 1 << 30], "memory")
    }
}
