// The blocks of the sum: which taps and channels are summed before the next panel is needed.
extension IndirectGemm {
    /// A block of the sum: these taps, channels d0 ..< d0 + depth of each.
    struct KStep: Sendable {
        struct Tap: Sendable {
            var offsetH: Int
            var offsetW: Int
            var sourceBytes: Int
            var bBytes: Int
            var index: Int
        }
        /// Taps that follow each other in the image's memory and in the packed panel, for pixels away from the borders.
        struct Run: Sendable {
            var sourceBytes: Int
            var bBytes: Int
            var count: Int
        }
        var taps: [Tap]
        var d0: Int
        var depth: Int

        /// Where the first tap's part of a packed panel lies.
        var start: Int { taps.first?.bBytes ?? 0 }
        /// The part of a packed panel from the first tap to the last.
        func panelBytes(_ line: Int) -> Int { (taps.last?.bBytes ?? 0) - start + depth * line }

        var runs: [Run] {
            var found: [Run] = []
            for (number, tap) in taps.enumerated() {
                if number > 0, taps[number - 1].offsetH == tap.offsetH, taps[number - 1].offsetW + 1 == tap.offsetW {
                    found[found.count - 1].count += 1
                } else {
                    found.append(Run(sourceBytes: tap.sourceBytes, bBytes: tap.bBytes - taps[0].bBytes, count: 1))
                }
            }
            return found
        }
    }

    static func steps(
        _ grid: PixelGrid, depth: Int, limit: Int, nr: Int, size: Int, stepA: Int
    ) -> [KStep] {
        var found: [KStep] = []
        let chunk = max(1, min(depth, limit))
        let together = max(1, limit / max(1, depth))
        for d0 in depth > 0 ? Array(stride(from: 0, to: depth, by: chunk)) : [] {
            let part = min(chunk, depth - d0)
            var current = KStep(taps: [], d0: d0, depth: part)
            for h in grid.tapsH {
                for w in grid.tapsW {
                    if current.taps.count == together || (chunk < depth && !current.taps.isEmpty) {
                        found.append(current)
                        current.taps = []
                    }
                    let index = h.index * grid.filterW + w.index
                    current.taps.append(
                        KStep.Tap(
                            offsetH: h.offset, offsetW: w.offset,
                            sourceBytes: h.offset * grid.sourceRow + w.offset * grid.sourcePixel + d0 * stepA * size,
                            bBytes: (index * depth + d0) * nr * size, index: index))
                }
            }
            if !current.taps.isEmpty { found.append(current) }
        }
        return found.isEmpty ? [KStep(taps: [], d0: 0, depth: 0)] : found
    }
}
