import TensorCore

/// The sum of products that an equation in Einstein's notation describes: a letter for each axis, equal letters for axes that run
/// together, a sum over those that the result lacks. `...` stands for further axes, which broadcast; spaces count for nothing. Without `->`
/// the result has the letters that occur once, by the alphabet.
///
///     let a = try Random.normal([2, 3, 4]), b = try Random.normal([4, 5])
///     print(try einsum("bij,jk->bik", a, b).shape)                 // [2, 3, 5]
///     print(try einsum("...j->...", a).shape)                      // [2, 3]
///     let matrix = try Tensor([[1, 2], [3, 4]])
///     print(try einsum("ii", matrix).scalar())                     // 5.0
///
/// - Parameters:
///   - equation: The operands' axes, parted by commas, and behind `->` the result's.
///   - operands: Of one type; at least one.
/// - Throws: Letters that do not fit the shapes, sizes that differ.
public func einsum(_ equation: String, _ operands: Tensor...) throws(SwiftConvError) -> Tensor {
    try Einsum(equation, operands).result()
}

/// An equation and its operands.
private struct Einsum {
    /// An operand: each axis has a label. Axes of `...` have negative ones, counted from the last.
    struct Term {
        var tensor: Tensor
        var labels: [Int]
    }

    var terms: [Term] = []
    var output: [Int] = []
    let equation: String

    private func fault(_ what: String) -> SwiftConvError { .invalidArgument("einsum: \"\(equation)\": \(what)") }

    init(_ equation: String, _ operands: [Tensor]) throws(SwiftConvError) {
        self.equation = equation
        let text = equation.filter { $0 != " " }
        let arrow = text.firstIndex(of: ">").map { $0 > text.startIndex ? text.index(before: $0) : $0 }
        if let arrow, text[arrow] != "-" || text[arrow...].count < 2 { throw fault("expected -> before the result") }
        let left = arrow.map { text[..<$0] } ?? text[...]
        let inputs = left.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard !operands.isEmpty, inputs.count == operands.count else {
            throw fault("expected \(inputs.count) operands, received \(operands.count)")
        }
        for (tensor, term) in zip(operands, inputs) {
            let dots = tensor.rank - term.filter { $0 != "." }.count
            guard dots == 0 || (dots > 0 && term.contains("...")) else {
                throw fault("\(term): expected \(term.filter { $0 != "." }.count) dimensions, received shape \(shapeText(tensor.shape))")
            }
            terms.append(Term(tensor: tensor, labels: try labels(term, dots)))
        }
        let all = terms.flatMap(\.labels)
        if let arrow {
            let result = String(text[text.index(arrow, offsetBy: 2)...])
            output = try labels(result, all.map { -$0 }.max().map { max($0, 0) } ?? 0)
            for label in output where !all.contains(label) { throw fault("the result names an axis that no operand has") }
            guard Set(output).count == output.count else { throw fault("the result names an axis twice") }
        } else {
            output = Set(all.filter { label in label < 0 || all.count { $0 == label } == 1 }).sorted()
        }
    }

    /// The labels of a term in which `...` stands for so many axes.
    private func labels(_ term: String, _ dots: Int) throws(SwiftConvError) -> [Int] {
        var found: [Int] = []
        var rest = Substring(term)
        var seen = false
        while let letter = rest.first {
            if rest.hasPrefix("..."), !seen {
                seen = true
                rest = rest.dropFirst(3)
                found += (0..<dots).map { $0 - dots }
            } else if letter.isASCII, letter.isLetter, let code = letter.asciiValue {
                rest = rest.dropFirst()
                found.append(Int(code))
            } else {
                throw fault("expected letters, commas, ... and ->, received \"\(letter)\"")
            }
        }
        return found
    }

    func result() throws(SwiftConvError) -> Tensor {
        var sizes: [Int: Int] = [:]
        for term in terms {
            for (label, size) in zip(term.labels, term.tensor.shape) {
                let known = sizes[label] ?? 1
                let broadcasts = label < 0 && (known == 1 || size == 1)
                guard sizes[label] == nil || known == size || broadcasts else {
                    let name = label < 0 ? "..." : String(UnicodeScalar(UInt8(label)))
                    throw fault("\(name): expected one size, received \(known) and \(size)")
                }
                sizes[label] = known == 1 ? size : known
            }
        }
        var rest: [Term] = []
        for term in terms { rest.append(try fitted(term, sizes)) }
        while rest.count > 1 {
            let (a, b) = (rest.removeFirst(), rest.removeFirst())
            let needed = Set(output + rest.flatMap(\.labels))
            let product = try multiplied(
                try summed(a, keeping: needed.union(b.labels)), try summed(b, keeping: needed.union(a.labels)), needed)
            rest.insert(product, at: 0)
        }
        let last = try summed(rest[0], keeping: Set(output))
        let order = output.map { last.labels.firstIndex(of: $0) ?? 0 }
        return order == Array(order.indices) ? last.tensor : try last.tensor.transpose(order)
    }

    /// Each label once: diagonals of what occurs twice; axes of size 1 that broadcast are left out.
    private func fitted(_ term: Term, _ sizes: [Int: Int]) throws(SwiftConvError) -> Term {
        var term = term
        while let label = term.labels.first(where: { label in term.labels.count { $0 == label } > 1 }),
            let first = term.labels.firstIndex(of: label), let second = term.labels.lastIndex(of: label)
        {
            let others = term.labels.indices.filter { $0 != first && $0 != second }
            term.tensor = try term.tensor.transpose(others + [first, second]).diagonal()
            term.labels = others.map { term.labels[$0] } + [label]
        }
        let narrow = term.labels.indices.filter { term.tensor.shape[$0] == 1 && sizes[term.labels[$0]] != 1 }
        if narrow.isEmpty { return term }
        return Term(
            tensor: try term.tensor.squeeze(axes: narrow),
            labels: term.labels.indices.filter { !narrow.contains($0) }.map { term.labels[$0] })
    }

    /// The sum over the axes that nobody needs.
    private func summed(_ term: Term, keeping needed: Set<Int>) throws(SwiftConvError) -> Term {
        let axes = term.labels.indices.filter { !needed.contains(term.labels[$0]) }
        if axes.isEmpty { return term }
        return Term(tensor: try term.tensor.sum(axes: axes), labels: term.labels.filter { needed.contains($0) })
    }

    /// The product of two, as one product of matrices.
    private func multiplied(_ a: Term, _ b: Term, _ needed: Set<Int>) throws(SwiftConvError) -> Term {
        let common = a.labels.filter { b.labels.contains($0) }
        let batch = common.filter { needed.contains($0) }
        let inner = common.filter { !needed.contains($0) }
        let rows = a.labels.filter { !common.contains($0) }
        let columns = b.labels.filter { !common.contains($0) }
        func size(_ labels: [Int], _ term: Term) -> Int {
            labels.reduce(1) { $0 * term.tensor.shape[term.labels.firstIndex(of: $1) ?? 0] }
        }
        func arranged(_ term: Term, _ labels: [Int], _ shape: [Int]) throws(SwiftConvError) -> Tensor {
            try term.tensor.transpose(labels.map { term.labels.firstIndex(of: $0) ?? 0 }).reshape(shape)
        }
        let (n, m, k, c) = (size(batch, a), size(rows, a), size(inner, a), size(columns, b))
        let product = try arranged(a, batch + rows + inner, [n, m, k]).matmul(arranged(b, batch + inner + columns, [n, k, c]))
        let labels = batch + rows + columns
        let shape = labels.map { label in
            let term = a.labels.contains(label) ? a : b
            return term.tensor.shape[term.labels.firstIndex(of: label) ?? 0]
        }
        return Term(tensor: try product.reshape(shape), labels: labels)
    }
}
