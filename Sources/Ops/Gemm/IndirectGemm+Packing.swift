import Runtime

// The operands in the order in which the micro-kernel reads them.
extension IndirectGemm {
    func prepack(input: Int) -> PreparedOp.Prepack? {
        PreparedOp.Prepack(input: input, bytes: packedBytes) { pack($0, into: $1) }
    }

    /// Packs every panel: [group][panel][tap][k][nr].
    func pack(_ b: UnsafeRawPointer, into packed: UnsafeMutableRawPointer) {
        let panels = self.panels
        let sets = (panels + packedTogether - 1) / packedTogether
        let line = nr * size
        let grain = max(1, 16384 / max(1, depth * nr * packedTogether))
        parallelFor(groups * sets * taps, grain: grain, threads: threads) { range, _ in
            for index in range {
                let (setIndex, tap) = index.quotientAndRemainder(dividingBy: taps)
                let (group, set) = setIndex.quotientAndRemainder(dividingBy: sets)
                let some = set * packedTogether..<min(panels, (set + 1) * packedTogether)
                pack(
                    b + (group * source.group + tap * source.tap) * size, depth, some,
                    into: packed + (group * panels + some.lowerBound) * panelWhole + tap * depth * line, panelStep: panelWhole)
            }
        }
    }

    /// Packs `depth` lines of b of some panels.
    func pack(
        _ b: UnsafeRawPointer, _ depth: Int, _ some: Range<Int>, into packed: UnsafeMutableRawPointer, panelStep: Int
    ) {
        let turn = some.count == 1 ? max(1, depth) : Self.packedSteps
        var k = 0
        while k < depth {
            var to = packed + k * nr * size
            for panel in some {
                let column = panel * nr
                functions.pack(
                    b + (k * source.k + column * source.column) * size, min(turn, depth - k), min(nr, columns - column), source.k,
                    source.column, to)
                to += panelStep
            }
            k += turn
        }
    }

    /// Packs the rows of a block by tiles, [tile][k][row of the tile], and writes the table that points there.
    func packRows(
        _ rows: Range<Int>, _ heights: TileHeights, _ step: KStep, _ grid: PixelGrid, a: UnsafeRawPointer, y: UnsafeMutableRawPointer,
        table: UnsafeMutablePointer<Int>, into room: UnsafeMutableRawPointer
    ) {
        var to = room
        var entry = table
        for tile in 0..<heights.count {
            let height = heights.height(tile)
            let first = rows.lowerBound + heights.start(tile)
            let from = a + first * grid.sourcePixel + step.d0 * stepA * size
            copyRuns(from, stepA * size, to, height * size, height * size, step.depth)
            entry[0] = 1
            entry[1 + mr] = step.taps[0].bBytes
            entry[2 + mr] = step.depth
            for p in 0..<mr {
                let row = min(p, height - 1)
                entry[1 + p] = Int(bitPattern: y) + grid.targetStart + (first + row) * grid.targetPixel
                entry[3 + mr + p] = Int(bitPattern: to) + row * size
            }
            to += height * step.depth * size
            entry += Self.tileWords(1, mr)
        }
    }

    /// Copies a part of the rows of a block to the distance `copyStride`.
    func copyRows(_ rows: Range<Int>, _ step: KStep, _ grid: PixelGrid, a: UnsafeRawPointer, into room: UnsafeMutableRawPointer) {
        copyRuns(
            a + rows.lowerBound * grid.sourcePixel + step.taps[0].sourceBytes, grid.sourcePixel, room, copyStride, step.depth * size,
            rows.count)
    }

    /// The grid of pixels over copied rows.
    func copied(_ grid: PixelGrid) -> PixelGrid {
        var copy = grid
        copy.sourcePixel = copyStride
        return copy
    }
}
