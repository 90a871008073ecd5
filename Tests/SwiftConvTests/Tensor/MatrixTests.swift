import SwiftConv
import Testing
import _TestSupport

@Suite struct MatrixTests {
    /// The sum over all letters that an equation describes, by loops.
    private func loops(_ inputs: [String], _ output: String, _ operands: [Tensor]) throws -> [Double] {
        var sizes: [Character: Int] = [:]
        for (input, operand) in zip(inputs, operands) { for (letter, size) in zip(input, operand.shape) { sizes[letter] = size } }
        let letters = output + sizes.keys.filter { !output.contains($0) }.sorted()
        let numbers = try operands.map { try $0.scalars(as: Double.self) }
        let count = output.reduce(1) { $0 * (sizes[$1] ?? 1) }
        var sums = [Double](repeating: 0, count: count)
        let all = letters.reduce(1) { $0 * (sizes[$1] ?? 1) }
        for step in 0..<all {
            var rest = step
            var place: [Character: Int] = [:]
            for letter in letters.reversed() {
                place[letter] = rest % (sizes[letter] ?? 1)
                rest /= sizes[letter] ?? 1
            }
            func index(_ term: String) -> Int { term.reduce(0) { $0 * (sizes[$1] ?? 1) + (place[$1] ?? 0) } }
            sums[index(output)] += zip(inputs, numbers).reduce(1) { $0 * $1.1[index($1.0)] }
        }
        return sums
    }

    @Test(arguments: [
        ("ij,jk->ik", [[2, 3], [3, 4]]), ("ij,kj->ki", [[2, 3], [4, 3]]), ("bij,bjk->bik", [[2, 3, 4], [2, 4, 5]]),
        ("i,j->ij", [[3], [4]]), ("i,i->", [[3], [3]]), ("ij->ji", [[2, 3]]), ("ij->", [[2, 3]]), ("ii->i", [[3, 3]]), ("ii->", [[3, 3]]),
        ("bii->b", [[2, 3, 3]]), ("ij,jk,kl->il", [[2, 3], [3, 4], [4, 2]]), ("ab,cd->ac", [[2, 3], [4, 5]]),
        ("bhwc,co->bhwo", [[2, 3, 4, 5], [5, 2]]), ("bhwc,bhwc->bc", [[2, 3, 4, 5], [2, 3, 4, 5]]), ("ijk,ki->j", [[2, 3, 4], [4, 2]]),
        ("ii,ij->j", [[3, 3], [3, 2]]), ("i,ij,j->", [[2], [2, 3], [3]]), ("aba->ab", [[2, 3, 2]]),
    ])
    func einsumIsTheSumOfProducts(equation: String, shapes: [[Int]]) throws {
        let sides = equation.split(separator: ">")
        let inputs = sides[0].dropLast().split(separator: ",").map(String.init)
        let output = sides.count > 1 ? String(sides[1]) : ""
        let operands = try shapes.enumerated().map { try Random.normal($1, dtype: .float64, seed: $0) }
        let result =
            switch operands.count {
            case 1: try einsum(equation, operands[0])
            case 2: try einsum(equation, operands[0], operands[1])
            default: try einsum(equation, operands[0], operands[1], operands[2])
            }
        #expect(result.rank == output.count)
        #expect(isClose(try result.scalars(as: Double.self), try loops(inputs, output, operands), 1e-12))
    }

    @Test func einsumWithoutAResultAndWithDots() throws {
        let (a, b) = (try Random.normal([2, 3], seed: 1), try Random.normal([3, 4], seed: 2))
        #expect(try einsum("ij,jk", a, b) == a.matmul(b))
        #expect(try einsum("ba", a) == a.transpose())
        #expect(try einsum(" i j , j k -> i k ", a, b) == a.matmul(b))
        let stack = try Random.normal([5, 1, 2, 3], seed: 3), others = try Random.normal([4, 3, 2], seed: 4)
        let product = try einsum("...ij,...jk->...ik", stack, others)
        #expect(product.shape == [5, 4, 2, 2])
        #expect(try product.allClose(to: stack.matmul(others)))
        let repeated = try (stack.broadcast(to: [5, 4, 2, 3]), others.broadcast(to: [5, 4, 3, 2]))
        #expect(try stack.matmul(others) == repeated.0.matmul(repeated.1))
        #expect(try a.matmul(others).shape == [4, 2, 2] && others.matmul(a).shape == [4, 3, 3])
        #expect(try a.matmul(others, transposeA: true, transposeB: true).shape == [4, 3, 3])
        expectError("matmul", "(5, 4, 2, 3)", "(3, 3, 2)") { try repeated.0.matmul(Tensor.zeros([3, 3, 2])) }
        #expect(try einsum("...j->...", stack).allClose(to: stack.sum(-1)))
        #expect(try einsum("i...->...i", stack) == stack.transpose([1, 2, 3, 0]))
        #expect(try einsum("ij,jk->ik", Tensor.zeros([0, 3]), b).shape == [0, 4])
        #expect(try einsum("ij,jk->ik", Tensor.arange(to: 6).reshape([2, 3]), Tensor.arange(to: 3).reshape([3, 1])).scalars() == [5, 14])
    }

    @Test func einsumHasGradients() throws {
        let other = try Random.normal([2, 4, 3], dtype: .float64, seed: 1)
        try checkSlopes(at: try Random.normal([2, 2, 4], dtype: .float64, seed: 2)) { x throws(SwiftConvError) in
            try einsum("bij,bjk->ki", x, other).square()
        }
        try checkSlopes(at: try Random.normal([3, 3], dtype: .float64, seed: 2)) { x throws(SwiftConvError) in
            try einsum("ii->i", x).square()
        }
    }

    @Test func einsumNamesWhatIsWrong() throws {
        let x = try Tensor.zeros([2, 3])
        expectError("ij,jk", "expected 2 operands", "received 1") { try einsum("ij,jk->ik", x) }
        expectError("ijk", "3 dimensions", "(2, 3)") { try einsum("ijk->i", x) }
        expectError("j: expected one size", "3", "2") { try einsum("ij,jk->ik", x, x) }
        expectError("no operand") { try einsum("ij->k", x) }
        expectError("twice") { try einsum("ij->ii", x) }
        expectError("letters", "1") { try einsum("i1->i", x) }
        expectError("->") { try einsum("ij>i", x) }
        expectError("expected 1 operands", "received 0") { try einsum("") }
        expectError("einsum") { try einsum("i...j...->i", x) }
    }

    @Test func partsOfMatrices() throws {
        let x = try counting(2, 3)
        #expect(try x.diagonal() == Tensor([0, 4]) && x.diagonal(offset: 1) == Tensor([1, 5]) && x.diagonal(offset: -1) == Tensor([3]))
        #expect(try x.diagonal(offset: 3).shape == [0] && x.diagonal(offset: .min).shape == [0] && x.diagonal(offset: .max).shape == [0])
        #expect(try counting(2, 3, 3).trace() == Tensor([12, 39]))
        #expect(try x.lowerTriangle() == Tensor([[0, 0, 0], [3, 4, 0]]) && x.upperTriangle() == Tensor([[0, 1, 2], [0, 4, 5]]))
        #expect(try x.lowerTriangle(offset: 1) == Tensor([[0, 1, 0], [3, 4, 5]]))
        #expect(try x.upperTriangle(offset: 1) == Tensor([[0, 1, 2], [0, 0, 5]]))
        #expect(try Tensor([.nan, 1], shape: [1, 2]).upperTriangle(offset: 1) == Tensor([[0, 1]]))
        #expect(try Tensor([1, 2]).outer(Tensor([3, 4, 5])) == Tensor([[3, 4, 5], [6, 8, 10]]))
        for wrong in [{ try Tensor([1]).diagonal() }, { try Tensor([1]).lowerTriangle() }, { try Tensor(1).upperTriangle() }] {
            expectError("at least 2 dimensions") { try wrong() }
        }
        try checkSlopes(at: try counting(3, 3).cast(to: .float64)) { x throws(SwiftConvError) in
            try x.trace().square() + x.upperTriangle(offset: 1).square().sum()
        }
    }

    @Test func rolledTensorsComeInAtTheBeginning() throws {
        let x = try counting(2, 3)
        #expect(try x.rolled(by: 1, axis: 1) == Tensor([[2, 0, 1], [5, 3, 4]]))
        #expect(try x.rolled(by: -1, axis: 1) == x.rolled(by: 2, axis: -1))
        #expect(try x.rolled(by: 3, axis: 1) == x && x.rolled(by: .max, axis: 0) == x.rolled(by: 1, axis: 0))
        #expect(try x.rolled(by: .min, axis: 0) == x && x.rolled(by: 0, axis: 0) == x)
        #expect(try Tensor.zeros([0, 2]).rolled(by: 1, axis: 0).shape == [0, 2])
        expectError("rolled") { try x.rolled(by: 1, axis: 2) }
    }

    @Test func takeAlongTakesFromEachRow() throws {
        let x = try counting(2, 3, scale: 10)
        #expect(try x.takeAlong(Tensor([[2, 0], [1, -1]] as [[Int32]])) == Tensor([[20, 0], [40, 50]]))
        #expect(try x.takeAlong(Tensor([[1, 0, 1]] as [[Int64]]), axis: 0) == Tensor([[30, 10, 50]]))
        let y = try Random.normal([3, 4, 5], seed: 1)
        for axis in 0..<3 {
            #expect(try y.takeAlong(y.argsort(axis: axis), axis: axis) == y.sorted(axis: axis))
        }
        try checkSlopes(at: try x.cast(to: .float64)) { x throws(SwiftConvError) in
            try x.takeAlong(try Tensor([[2, 2], [0, -1]] as [[Int32]])).square()
        }
        #expect(try x.takeAlong(Tensor.zeros([2, 0], dtype: .int32)).shape == [2, 0])
        expectError("indices", "-3 to 2", "3") { try x.takeAlong(Tensor([[3], [0]] as [[Int32]])) }
        expectError("indices", "-3 to 2", "-4") { try x.takeAlong(Tensor([[0], [-4]] as [[Int32]])) }
        expectError("indices", "shape") { try x.takeAlong(Tensor([0] as [Int32])) }
        expectError("indices", "shape") { try x.takeAlong(Tensor([[0]] as [[Int32]])) }
        expectError("int32 or int64") { try x.takeAlong(Tensor([[0], [0]])) }
    }

    /// In a recorded function the numbers come later: a position that does not exist is refused then, not taken from another row.
    @Test func takeAlongChecksRecordedPositions() throws {
        let model = Sequential { Dense(3, useBias: false, kernelInitializer: .identity()) }
        let picked = Loss(name: "picked") { labels, scores in try -scores.takeAlong(labels).squeeze(-1) }
        try model.compile(optimizer: .sgd(learningRate: 0), loss: picked)
        let x = try Tensor([[1, 2, 3], [4, 5, 6]])
        #expect(try model.evaluate(x, Tensor([[2], [0]] as [[Int32]]))["loss"] == -3.5)
        #expect(throws: SwiftConvError.self) { try model.evaluate(x, Tensor([[3], [0]] as [[Int32]])) }
    }

    @Test func furtherFunctions() throws {
        let numbers = [-1.25, -0.5, 1e-9, 0.3, 1.2]
        let x = try Tensor(numbers)
        func expect(_ y: Tensor, _ values: [Double]) throws { #expect(isClose(try y.scalars(as: Double.self), values, 1e-14)) }
        try expect(x.tan(), [-3.0095696738628313, -0.5463024898437905, 1e-9, 0.30933624960962325, 2.5721516221263183])
        try expect(x.sinh() * 1e9, [-1.6019190803008256e9, -0.5210953054937474e9, 1, 0.3045202934471426e9, 1.5094613554121725e9])
        try expect(x.cosh(), [1.8884238771610159, 1.1276259652063807, 1, 1.0453385141288605, 1.8106555673243747])
        let y = try x.absolute()
        try expect(
            y.log2().exponentialMinusOne() * 0 + y.log2(),
            [
                0.32192809488736235, -1, -29.897352853986263, -1.7369655941662063, 0.2630344058337938,
            ])
        try expect(y.log10(), [0.09691001300805642, -0.3010299956639812, -9, -0.5228787452803376, 0.07918124604762482])
        try expect(Tensor([1000.0, 0]).cast(to: .float64).logAddExp(Tensor([1000.0, -1000]).cast(to: .float64)), [1000.6931471805599, 0])
    }

    @Test func channelsBecomePixelsAndBack() throws {
        let x = try counting(1, 1, 2, 8)
        let y = try nn.depthToSpace(x, blockSize: 2)
        #expect(y.shape == [1, 2, 4, 2])
        #expect(try y.scalars() == [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15])
        #expect(try nn.spaceToDepth(y, blockSize: 2) == x && nn.depthToSpace(x, blockSize: 1) == x)
        // as a part of a model for batches of any size
        let input = try Input([1, 2, 8])
        let model = try Model(inputs: input, outputs: nn.spaceToDepth(nn.depthToSpace(input, blockSize: 2), blockSize: 2))
        #expect(try model(Tensor.concatenate([x, x])).shape == [2, 1, 2, 8])
        expectError("depthToSpace", "8", "3") { try nn.depthToSpace(x, blockSize: 3) }
        expectError("depthToSpace", "0") { try nn.depthToSpace(x, blockSize: 0) }
        expectError("depthToSpace") { try nn.depthToSpace(x, blockSize: .max) }
        expectError("spaceToDepth", "height 1") { try nn.spaceToDepth(x, blockSize: 2) }
        expectError("depthToSpace: x", "4") { try nn.depthToSpace(x[0], blockSize: 2) }
    }
}
