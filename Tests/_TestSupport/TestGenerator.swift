/// SplitMix64 (Steele, Lea & Flood 2014): the same numbers for the same seed on every machine.
package struct TestGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(_ seed: UInt64) { state = seed }
    package init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    package mutating func below(_ n: Int) -> Int { Int(next() % UInt64(n)) }
    package mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

    /// Numbers from -1 up to 1 that float32 holds exactly.
    package mutating func values(_ count: Int) -> [Double] { (0..<count).map { _ in Double(Int(next() & 0xFFFF) - 0x8000) / 32768 } }
}
