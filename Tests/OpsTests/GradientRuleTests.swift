import Foundation
import Graph
import Ops
import TensorCore
import Testing
import _TestSupport

@Suite struct GradientRuleTests {
    @Test(arguments: GradientCase.all)
    func gradientRuleAgainstDifferences(c: GradientCase) throws {
        let report = try checkGradient(c.op, c.inputs, c.attributes, missingIsZero: true)
        #expect(report.isGood, "\(c): \(report)")
    }

    /// Second derivatives: what the gradient rules write is differentiated again.
    @Test(arguments: GradientCase.all)
    func gradientOfTheGradientAgainstDifferences(c: GradientCase) throws {
        let report = try checkSecondGradient(c.op, c.inputs, c.attributes, tolerance: 2e-6)
        #expect(report.isGood, "\(c): \(report)")
    }

    /// An op is tried above, or is flat by its nature, draws numbers or updates a variable. The gradient of max pooling needs what the pooling
    /// gave, and is tried as a part of its second derivative.
    @Test func noOpIsForgotten() {
        let flat: Set<String> = [
            "sign", "floor", "ceil", "round", "is_nan", "is_finite", "logical_not", "logical_and", "logical_or", "logical_xor", "equal",
            "not_equal", "less", "less_equal", "greater", "greater_equal", "floor_divide", "reduce_any", "reduce_all", "argmax", "argmin",
            "one_hot", "stop_gradient", "random_uniform", "random_normal", "random_integers", "sgd_update", "momentum_update",
            "adam_update",
            "rmsprop_update",
        ]
        let tried = Set(GradientCase.all.map(\.op))
        #expect(tried.isDisjoint(with: flat))
        #expect(Set(Registry.all.keys).subtracting(tried).subtracting(flat) == ["max_pool2d_backward"])
    }

    @Test func tiedExtremaShareTheGradient() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [4]))
        let y = try graph.apply("reduce_max", [x], [:])[0]
        let gradient = try graph.gradients(of: [y], seeds: [nil], to: [x])[0]
        let run = try Executable(graph, feeds: [x], fetches: [try #require(gradient)])
        #expect(try run.run([TestTensor([4], [1, 3, 3, 0])])[0].numbers == [0, 0.5, 0.5, 0])
    }

    /// The second derivatives of the smooth activations, as their definitions give them, and 0 far out, where products would meet infinity.
    @Test(arguments: [DataType.float32, .float64])
    func curvaturesAreThoseOfTheDefinitions(dtype: DataType) throws {
        func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
        let c = (2 / Double.pi).squareRoot()
        let functions: [(String, Attributes, (Double) -> Double)] = [
            ("silu", [:], { x in logistic(x) * logistic(-x) * (2 + x * (1 - 2 * logistic(x))) }),
            ("gelu", [:], { x in exp(-x * x / 2) / (2 * Double.pi).squareRoot() * (2 - x * x) }),
            (
                "gelu", ["approximate": .int(1)],
                { x in
                    let t = tanh(c * (x + 0.044715 * x * x * x))
                    let (slope, bend) = (c * (1 + 3 * 0.044715 * x * x), 6 * c * 0.044715 * x)
                    return (1 - t * t) * (slope + x / 2 * bend - x * t * slope * slope)
                }
            ),
        ]
        let points = [-4.5, -2, -0.7, 0, 0.3, 1, 2.5, 5]
        let far = dtype == .float32 ? [-3e38, -1e20, 1e20, 3e38] : [-1e300, -1e20, 1e20, 1e300]
        for (name, attributes, second) in functions {
            let graph = Graph()
            let x = try graph.placeholder(TensorSpec(dtype, [points.count + far.count]))
            let slope = try #require(try graph.gradients(of: graph.apply(name, [x], attributes), seeds: [], to: [x])[0])
            let curvature = try #require(try graph.gradients(of: [slope], seeds: [], to: [x])[0])
            let found = try Executable(graph, feeds: [x], fetches: [curvature]).run([
                TestTensor(dtype, [points.count + far.count], points + far)
            ])
            let error = largestError(found[0].numbers, points.map(second) + far.map { _ in 0 })
            #expect(error < (dtype == .float32 ? 5e-6 : 1e-14), "\(name) \(attributes.values): \(error)")
        }
    }

    /// Σ y² of max pooling has the Hessian 2 where a pixel is the first maximum of its window, as often as it is one.
    @Test(arguments: GradientCase.windows)
    func theHessianOfMaxPoolingCountsWindows(window: Attributes) throws {
        let image = TestTensor.random([2, 5, 6, 3])
        let graph = Graph()
        let x = try graph.placeholder(image.spec)
        let y = try graph.apply("max_pool2d", [x], window)[0]
        let slope = try #require(try graph.gradients(of: [graph.apply("square", [y], [:])[0]], seeds: [], to: [x])[0])
        let curvature = try #require(try graph.gradients(of: [slope], seeds: [], to: [x])[0])
        let counts = try #require(try graph.gradients(of: [y], seeds: [], to: [x])[0])
        let found = try Executable(graph, feeds: [x], fetches: [curvature, counts]).run([image])
        #expect(found[0].numbers == found[1].numbers.map { 2 * $0 })
        #expect(found[1].numbers.reduce(0, +) == Double(graph.spec(y).count))
    }

    /// A product has second derivatives where elements are 0: those of x·y·z with respect to x and y are z.
    @Test func productsWithZerosHaveTheirHessian() throws {
        let graph = Graph()
        let x = try graph.placeholder(TensorSpec(.float64, [3]))
        let slope = try #require(try graph.gradients(of: graph.apply("reduce_prod", [x], [:]), seeds: [], to: [x])[0])
        let rows = try (0..<3).map { row in
            let element = try graph.apply("slice", [slope], ["begin": .ints([row]), "size": .ints([1])])[0]
            return try #require(try graph.gradients(of: [element], seeds: [], to: [x])[0])
        }
        let found = try Executable(graph, feeds: [x], fetches: rows).run([TestTensor([3], [0, 2, 3])])
        #expect(found.map(\.numbers) == [[0, 3, 2], [3, 0, 0], [2, 0, 0]])
    }
}
