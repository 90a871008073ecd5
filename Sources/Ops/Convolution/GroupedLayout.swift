import CKernelInterface
import Runtime
import TensorCore

/// How groups with fewer channels than a vector has lanes share the vectors of the grouped kernels (grouped_kernels.h): `together`
/// groups make a set, and a panel is a vector of some output channels of each.
struct GroupedLayout: Sendable {
    let kernels: sc_grouped_kernels
    /// Groups of a set.
    let together: Int
    let sets: Int
    /// Output channels of each group in a panel.
    let width: Int
    /// Panels of a set.
    let panels: Int
    /// Channels of a group, before and after.
    let inputs: Int
    let outputs: Int

    /// nil where vectors are full without sharing, or cannot be filled by it.
    init?(groups: Int, inputs: Int, outputs: Int, dtype: DataType, kernels: sc_grouped_kernels = Kernels.table.grouped) {
        let lanes = kernels.lanes
        guard dtype == .float32, groups > 1, inputs > 0, outputs > 0, outputs % lanes != 0,
            let together = [2, 4].first(where: { lanes / $0 > 1 && outputs % (lanes / $0) == 0 && groups % $0 == 0 })
        else { return nil }
        self.kernels = kernels
        self.together = together
        self.inputs = inputs
        self.outputs = outputs
        sets = groups / together
        width = lanes / together
        panels = outputs / width
    }

    var lanes: Int { kernels.lanes }
    /// Bytes of a pixel of a set with alternating groups.
    var pixelBytes: Int { inputs * together * 4 }

    /// Sets whose copies are made together: what lies side by side in a pixel is read at once.
    static func sets(copyBytes: Int, of sets: Int) -> Int { max(1, min(sets, targetBytes / max(1, copyBytes))) }

    /// Bytes of copies that stay in the second-level cache.
    private static let targetBytes = 160 << 10

    /// Copies pixels of rows of an image, alternating the groups of each set, with zeros for what lies outside the image; the copy of a
    /// set follows that of the one before it.
    ///
    /// - Parameters:
    ///   - source: the image's first pixel.
    ///   - size: the image's rows and columns; `pixel`: elements from pixel to pixel.
    ///   - rows, columns: what is copied, in the image's coordinates.
    func copy(
        sets: Range<Int>, from source: UnsafePointer<Float>, size: (rows: Int, columns: Int), pixel: Int, rows: Range<Int>,
        columns: Range<Int>, to: UnsafeMutablePointer<Float>
    ) {
        let wide = inputs * together
        let copied = rows.count * columns.count * wide
        let inside = columns.clamped(to: 0..<size.columns)
        let (before, after) = (inside.lowerBound - columns.lowerBound, columns.upperBound - inside.upperBound)
        var line = to
        for row in rows {
            let isInside = row >= 0 && row < size.rows && !inside.isEmpty
            for set in 0..<sets.count {
                let at = line + set * copied
                at.update(repeating: 0, count: (isInside ? before : columns.count) * wide)
                if isInside { (at + (before + inside.count) * wide).update(repeating: 0, count: after * wide) }
            }
            if isInside {
                let from = source + (row * size.columns + inside.lowerBound) * pixel
                interleave(
                    sets, from, channels: inputs, ofGroup: inputs, pixel: pixel, pixels: inside.count, to: line + before * wide,
                    toSet: copied)
            }
            line += columns.count * wide
        }
    }

    /// Alternates `channels` channels of each group of some sets, from a pixel's `from` on; a group has `ofGroup`.
    func interleave(
        _ sets: Range<Int>, _ from: UnsafePointer<Float>, channels: Int, ofGroup: Int, pixel: Int, pixels: Int,
        to: UnsafeMutablePointer<Float>, toSet: Int
    ) {
        var job = sc_interleave_job()
        job.groups = together
        job.channels = channels
        job.sets = sets.count
        job.pixels = pixels
        job.from = UnsafeRawPointer(from + sets.lowerBound * together * ofGroup)
        job.from_group = ofGroup
        job.from_set = together * ofGroup
        job.from_pixel = pixel
        job.to = UnsafeMutableRawPointer(to)
        job.to_set = toSet
        kernels.interleave(&job)
    }
}
