import Runtime

// The filter in the order in which it is used.
extension WinogradConvolution {
    /// Transforms `filter` [kh][kw][ic][oc] into `packed`, or puts it in order: [panel of nr columns][phase][ic][tap][nr].
    /// - Parameter workspace: as for `run`; without one, few channels of the filter are put in order at a time.
    package func pack(
        _ filter: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>? = nil
    ) {
        let nr = kernels.nr
        parallelFor(columns, grain: max(1, 16384 / (sources * image.c * nr)), threads: threads) { range, worker in
            if gathers && workspace == nil {
                withUnsafeTemporaryAllocation(of: Float.self, capacity: taps * Self.channelsAtOnce * nr) { room in
                    pack(filter, range, into: packed, room.baseAddress, Self.channelsAtOnce)
                }
            } else {
                pack(filter, range, into: packed, workspace.map { $0 + worker * workerFloats + patchFloats }, gathers ? chunk : image.c)
            }
        }
    }

    private static let channelsAtOnce = 16

    private func pack(
        _ filter: UnsafePointer<Float>, _ range: Range<Int>, into packed: UnsafeMutablePointer<Float>, _ room: UnsafeMutablePointer<Float>?,
        _ step: Int
    ) {
        for column in range {
            for source in 0..<sources {
                let index = column * sources + source
                for first in stride(from: 0, to: image.c, by: step) {
                    let channels = first..<min(image.c, first + step)
                    if fused {
                        order(filter, column, source, channels, into: packed + (index * image.c + first) * taps * kernels.nr)
                    } else {
                        transform(
                            filter, column, source, channels, into: packed + index * products * panel + first * kernels.nr, panel, room)
                    }
                }
            }
        }
    }

    /// Transforms the filters of some input channels and a panel of columns. `room`: for the taps, where they are gathered.
    func transform(
        _ filter: UnsafePointer<Float>, _ column: Int, _ source: Int, _ channels: Range<Int>, into u: UnsafeMutablePointer<Float>,
        _ plane: Int, _ room: UnsafeMutablePointer<Float>?
    ) {
        let nr = kernels.nr
        let first = column % panels * nr
        let (columns, count) = (min(nr, image.oc - first), channels.count)
        if gathers, let room {
            gather(filter, column, source, channels, into: room, tap: count * nr, row: nr)
            transforms.filter(room, count * nr, nr, count, columns, u, plane)
        } else {
            transforms.filter(filter + channels.lowerBound * image.oc + first, image.c * image.oc, image.oc, count, columns, u, plane)
        }
    }

    /// Puts the taps of some input channels and a panel of columns in order: [ic][tap][nr].
    private func order(
        _ filter: UnsafePointer<Float>, _ column: Int, _ source: Int, _ channels: Range<Int>, into to: UnsafeMutablePointer<Float>
    ) {
        gather(filter, column, source, channels, into: to, tap: kernels.nr, row: taps * kernels.nr)
        let count = min(kernels.nr, image.oc - column % panels * kernels.nr)
        guard count < kernels.nr else { return }
        for row in 0..<channels.count * taps { (to + row * kernels.nr + count).update(repeating: 0, count: kernels.nr - count) }
    }

    /// Copies the taps of a phase, of some input channels and a panel of columns: `tap` and `row` elements from one tap and one channel to the
    /// next.
    private func gather(
        _ filter: UnsafePointer<Float>, _ column: Int, _ source: Int, _ channels: Range<Int>, into to: UnsafeMutablePointer<Float>,
        tap: Int,
        row: Int
    ) {
        let first = column % panels * kernels.nr
        let columns = min(kernels.nr, image.oc - first)
        for (t, from) in phaseTaps[phase(column, source)].enumerated() {
            let to = to + t * tap
            if let from, exchanged {
                let origin = filter + (from * image.oc + first) * image.c + channels.lowerBound
                transpose(4, columns, channels.count, origin, image.c, to, row)
            } else if let from {
                let origin = filter + (from * image.c + channels.lowerBound) * image.oc + first
                for i in 0..<channels.count { (to + i * row).update(from: origin + i * image.oc, count: columns) }
            } else {
                for i in 0..<channels.count { (to + i * row).update(repeating: 0, count: columns) }
            }
        }
    }
}
