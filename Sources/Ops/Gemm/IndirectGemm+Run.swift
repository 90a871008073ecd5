import CKernelInterface
import CShims
import Runtime

// The walk over blocks, panels and tiles.
extension IndirectGemm {
    func run(
        a: UnsafeRawPointer, b: UnsafeRawPointer, packed: UnsafeRawPointer?, bias: UnsafeRawPointer?, y: UnsafeMutableRawPointer,
        workspace: UnsafeMutableRawPointer
    ) {
        guard columns > 0, groups > 0, !grids.isEmpty else { return }
        workspace.zero(byteCount: zeroBytes)
        let scratch = workspace + zeroBytes
        var ready = packed
        if ready == nil && !packsInPlace {
            let room = scratch + threads * workerBytes
            pack(b, into: room)
            ready = UnsafeRawPointer(room)
        }
        let blocks = grids.indices.map { (grids[$0].pixels + blockRows[$0] - 1) / blockRows[$0] }
        let zero = UnsafeRawPointer(workspace)
        // A worker's panels of a block are computed together, with one table.
        let width = pairs ? 2 : 1
        let parts = (panels + width - 1) / width
        parallelFor(groups * blocks.reduce(0, +) * parts, threads: threads) { range, worker in
            let room = scratch + worker * workerBytes
            var unit = range.lowerBound
            while unit < range.upperBound {
                let (rest, part) = unit.quotientAndRemainder(dividingBy: parts)
                var (block, group) = rest.quotientAndRemainder(dividingBy: groups)
                var index = 0
                while block >= blocks[index] {
                    block -= blocks[index]
                    index += 1
                }
                let rows = block * blockRows[index]..<min(grids[index].pixels, (block + 1) * blockRows[index])
                let some = part..<min(parts, part + range.upperBound - unit)
                runBlock(
                    index, group, rows, some.lowerBound * width..<min(panels, some.upperBound * width), a: a, b: b, packed: ready,
                    bias: bias, y: y, zero: zero, room: room)
                unit += some.count
            }
            if streams { sc_stream_fence() }
        }
    }

    private func runBlock(
        _ index: Int, _ group: Int, _ rows: Range<Int>, _ some: Range<Int>, a: UnsafeRawPointer, b: UnsafeRawPointer,
        packed: UnsafeRawPointer?, bias: UnsafeRawPointer?, y: UnsafeMutableRawPointer, zero: UnsafeRawPointer,
        room: UnsafeMutableRawPointer
    ) {
        let table = room.assumingMemoryBound(to: Int.self)
        let gathered = room + tableWords * 8
        let panelRoom = gathered + gatherBytes
        var job = sc_gemm_job()
        let heights = TileHeights(rows: rows.count, mr: mr)
        job.a_step = stepA
        job.a_packed = packsRows ? 1 : 0
        job.table_rows = mr
        job.b_step = nr
        job.activation = activation.kind
        job.alpha = activation.alpha
        let isAligned = streams && Int(bitPattern: y) % 64 == 0
        let writer = RowTable(
            grid: grids[index], mr: mr, size: size, a: a + group * groupA, y: y + group * groupY, zero: zero, table: table)
        for (number, step) in steps[index].enumerated() {
            job.tile_words = Self.tileWords(step.taps.count, mr)
            job.accumulate = number == 0 && !addsToY ? 0 : 1
            job.finish = number == steps[index].count - 1 ? 1 : 0
            if packsRows {
                packRows(
                    rows, heights, step, grids[index], a: a + group * groupA, y: y + group * groupY, table: table, into: gathered)
            } else if copiesRows {
                copyRows(rows, step, grids[index], a: a + group * groupA, into: gathered)
                RowTable(
                    grid: copied(grids[index]), mr: mr, size: size, a: gathered - rows.lowerBound * copyStride - step.taps[0].sourceBytes,
                    y: y + group * groupY, zero: zero, table: table
                ).point(rows, step)
            } else if gathers {
                writer.gather(rows, step, into: gathered)
            } else {
                writer.point(rows, step)
            }
            // The gathered k of a block follow each other in the panel, for its taps do.
            let start = gathers ? 0 : step.start
            var panel = some.lowerBound
            while panel < some.upperBound {
                let column = panel * nr
                let width = pairs && panel + 1 < some.upperBound && columns - column >= 2 * nr ? 2 : 1
                defer { panel += width }
                job.columns = min(width * nr, columns - column)
                job.y_offset = column * size
                job.streams = isAligned && job.columns == width * nr ? 1 : 0
                job.bias = hasBias && number == 0 ? bias.map { $0 + ((sharedBias ? 0 : group * columns) + column) * size } : nil
                if let packed {
                    job.b = packed + (group * panels + panel) * panelWhole + step.start - start
                    let next = panel + width
                    job.next = next < some.upperBound ? packed + (group * panels + next) * panelWhole + step.start : nil
                    job.second = panelWhole
                } else if readsInPlace && columns - column >= width * nr, let tap = step.taps.first {
                    let from = group * source.group + tap.index * source.tap + step.d0 * source.k + column
                    job.b = b + from * size - start
                    job.b_step = source.k
                    job.second = nr * size
                } else {
                    let together = readsInPlace ? 1 : packedTogether
                    let number = (panel - some.lowerBound) % together
                    if number == 0 {
                        let set = panel..<min(some.upperBound, panel + together)
                        for tap in step.taps {
                            let from = group * source.group + tap.index * source.tap + step.d0 * source.k
                            pack(b + from * size, step.depth, set, into: panelRoom + tap.bBytes - step.start, panelStep: panelBytes)
                        }
                    }
                    job.b = UnsafeRawPointer(panelRoom + number * panelBytes) - start
                    job.second = panelBytes
                    job.b_step = nr
                }
                job.tiles = UnsafePointer(table)
                job.tile_count = heights.taller
                job.rows = heights.height
                if packsRows { job.a_step = heights.height }
                functions.tiles(&job)
                guard heights.taller < heights.count else { continue }
                job.tiles += heights.taller * job.tile_words
                job.tile_count = heights.count - heights.taller
                job.rows -= 1
                if packsRows { job.a_step -= 1 }
                functions.tiles(&job)
            }
        }
    }
}
