import CKernelInterface

/// Four blocks of Philox 4×32-10 side by side: each vector holds one word of each block, in the lower half of its lanes.
private typealias Lanes = SIMD4<UInt64>

/// Computes the blocks `block` … `block + 3` of a stream and gives the words 0, 1 and 2, 3 of each as one number.
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
@inline(__always)
private func philoxBlocks(_ key: UInt64, _ block: UInt64) -> (Lanes, Lanes) {
    let low = Lanes(repeating: 0xFFFF_FFFF)
    // positions of elements have 64 bits, hence blocks 63
    let index = (Lanes(repeating: block) &+ Lanes(0, 1, 2, 3)) & Lanes(repeating: UInt64.max &>> 1)
    var (c0, c1, c2, c3) = (index & low, index &>> 32, Lanes(repeating: 0), Lanes(repeating: 0))
    var (k0, k1) = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key &>> 32))
    for _ in 0..<10 {
        // lanes below 2^32 on both sides: one 32×32 → 64 bit multiplication each
        let a = (c0 & low) &* Lanes(repeating: 0xD251_1F53)
        let b = (c2 & low) &* Lanes(repeating: 0xCD9E_8D57)
        (c0, c1) = ((b &>> 32) ^ c1 ^ Lanes(repeating: UInt64(k0)), b & low)
        (c2, c3) = ((a &>> 32) ^ c3 ^ Lanes(repeating: UInt64(k1)), a & low)
        k0 = k0 &+ 0x9E37_79B9
        k1 = k1 &+ 0xBB67_AE85
    }
    return (c0 | (c1 &<< 32), c2 | (c3 &<< 32))
}

/// Computes words[i] = the 64 bits of element `position` + i: words 0, 1 of block (position + i) / 2 where that is even, else 2, 3.
/// Tail: the blocks of a whole group are made and the elements asked for taken out of them. Numerics: exact.
private func philox(_ key: UInt64, _ position: UInt64, _ count: Int, _ words: UnsafeMutablePointer<UInt64>) {
    var i = 0
    // an odd position begins in the middle of a block
    if position & 1 == 1 && count > 0 {
        words[0] = philoxBlocks(key, position &>> 1).1[0]
        i = 1
    }
    while i < count {
        let (even, odd) = philoxBlocks(key, (position &+ UInt64(i)) &>> 1)
        if i + 8 <= count {
            UnsafeMutableRawPointer(words + i).storeBytes(of: sc_interleave4(even, odd), as: SIMD8<UInt64>.self)
        } else {
            for lane in 0..<count - i { words[i + lane] = lane & 1 == 0 ? even[lane / 2] : odd[lane / 2] }
        }
        i += 8
    }
}

func makeRandomKernels() -> sc_random_kernels {
    var k = sc_random_kernels()
    k.philox = { philox($0, $1, $2, $3!) }
    return k
}
