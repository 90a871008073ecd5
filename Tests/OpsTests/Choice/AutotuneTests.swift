import TensorCore
import Testing

@testable import Ops
@testable import Runtime

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Test("kept choices survive, damage and other processors count as an empty file")
func keptChoices() throws {
    let folder = "/tmp/swiftconv-test-\(getpid())/cache"
    defer { _ = unlink(folder + "/choices-some-cpu.txt"); rmdir(folder); rmdir("/tmp/swiftconv-test-\(getpid())") }
    let kept = KeptChoices(folder: folder, name: "choices", belonging: "some cpu")
    #expect(kept.read().isEmpty)
    #expect(kept.add(["a": "one", "b b": "two"]))
    #expect(kept.add(["a": "three"]))
    #expect(kept.read() == ["a": "three", "b b": "two"])
    #expect(KeptChoices(folder: folder, name: "choices", belonging: "some-cpu").read().isEmpty)

    let path = folder + "/choices-some-cpu.txt"
    let file = try #require(fopen(path, "r+"))
    fseek(file, 40, SEEK_SET)
    fputc(0x7A, file)
    fclose(file)
    #expect(kept.read().isEmpty)
    #expect(kept.add(["c": "four"]))
    #expect(kept.read() == ["c": "four"])
}

@Test("autotune measures once and then remembers")
func autotuneRemembers() throws {
    let spec = TensorSpec(.float32, [4])
    let runs = Counter()
    func candidate(_ name: String, _ work: Int) -> PreparedOp {
        PreparedOp(algorithm: name) { arguments in
            runs.count += 1
            let y = arguments.output(0, Float.self)
            for i in 0..<work { y[i & 3] = y[i & 3] + 1 }
        }
    }
    let context = PrepareContext(threads: 1, settings: .init(precision: .standard, memoryLimit: nil, autotune: true))
    let question = Autotune.Question(
        op: "test-\(getpid())", inputs: [spec], outputs: [spec], attributes: Attributes(["a": .int(1)]), context: context)
    let both = [candidate("slow", 400_000), candidate("quick", 4)]
    #expect(Autotune.answer(question, both, keeping: nil)?.algorithm == "quick")
    let measured = runs.count
    #expect(measured > 2)
    #expect(Autotune.answer(question, both, keeping: nil)?.algorithm == "quick")
    #expect(runs.count == measured)
}

private final class Counter: @unchecked Sendable {
    var count = 0
}
