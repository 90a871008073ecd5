import Runtime
import TensorCore
import Testing
import _TestSupport

@testable import Ops

/// Shapes that need several blocks, chunks, slices or bands of the direct convolutions and their gradients.
@Suite struct ConvolutionBlockTests {
    private func run(
        _ n: Int, _ image: (Int, Int), _ channels: (Int, Int), _ window: (Int, Int), groups: Int = 1, strides: [Int] = [1, 1],
        dilations: [Int] = [1, 1], _ padding: AttributeValue = .string("SAME"), dtype: DataType = .float32
    ) throws {
        let c = ConvolutionCase(
            n: n, ih: image.0, iw: image.1, ic: channels.0, oc: channels.1, kh: window.0, kw: window.1, groups: groups, strides: strides,
            dilations: dilations, padding: padding)
        try ThreadSettings.with(threads: 3) {
            try ConvolutionTests().check(c, dtype, seed: n &* 31 &+ image.0 &* 7 &+ channels.1)
        }
    }

    @Test func filterGradientCutsRowsColumnsAndImages() throws {
        try run(1, (3, 431), (5, 3), (1, 3))  // a row in pieces
        try run(2, (40, 30), (5, 4), (3, 3))  // rows of an image
        try run(11, (7, 7), (6, 5), (3, 3))  // several images at once, some in the last chunk
        try run(3, (23, 21), (9, 7), (3, 2), dtype: .float64)
        try run(1, (900, 1), (5, 17), (1, 1))  // one long row
    }

    @Test func filterGradientStridesAndDistantTaps() throws {
        try run(2, (21, 19), (6, 5), (5, 3), strides: [2, 3])
        try run(1, (30, 24), (5, 4), (3, 3), dilations: [11, 2])
        try run(1, (19, 23), (10, 6), (3, 3), groups: 2, strides: [2, 1], dilations: [1, 2])
        try run(1, (12, 11), (6, 6), (3, 3), groups: 3, .ints([4, 0, 1, 5]))
    }

    @Test func fewChannelsOfSeveralBands() throws {
        try run(2, (90, 31), (1, 20), (3, 3), .string("VALID"))
        try run(1, (75, 70), (3, 9), (7, 7), strides: [2, 2], .ints([3, 3, 3, 3]))
        try run(1, (66, 40), (3, 16), (4, 4), strides: [2, 2])
        try run(1, (60, 20), (4, 8), (3, 3), dilations: [2, 3])
        try run(1, (70, 13), (2, 33), (2, 5), strides: [3, 1], dtype: .float64)
        try run(1, (9, 6), (3, 40), (5, 5), .ints([7, 0, 9, 2]))  // windows that lie beside the image
    }

    /// Two and four groups share a vector of 16, of 8 and of 4 lanes: widths of 8, 4 and 2, of one and of several panels.
    @Test func groupsThatShareVectors() throws {
        for (channels, groups) in [((16, 16), 2), ((16, 8), 4), ((64, 32), 4), ((12, 48), 2), ((20, 96), 4), ((6, 4), 2), ((12, 8), 4)] {
            try run(2, (9, 13), channels, (3, 3), groups: groups)
            try run(1, (10, 7), channels, (5, 2), groups: groups, strides: [2, 3])
            try run(1, (17, 12), channels, (3, 3), groups: groups, dilations: [2, 3], .ints([0, 5, 4, 0]))
            try run(2, (8, 9), channels, (1, 1), groups: groups, strides: [2, 2])
        }
        try run(3, (40, 28), (64, 64), (3, 3), groups: 8)  // several bands, slices and blocks of sets
        try run(1, (3, 3), (32, 32), (3, 3), groups: 4, .ints([9, 0, 0, 9]))  // windows beside the image
        try run(1, (6, 30), (256, 256), (1, 3), groups: 32, strides: [1, 2])
    }

    /// Tiles over two panels of filters, where a level has them; rows gathered, pointed to and copied.
    @Test func filtersOfSeveralPanels() throws {
        try run(2, (9, 8), (5, 128), (3, 3), strides: [2, 1])
        try run(1, (15, 14), (12, 96), (3, 2), dilations: [2, 1])
        try run(1, (11, 13), (8, 320), (1, 1))
        try run(2, (16, 14), (70, 150), (1, 1), strides: [1, 2])
        try run(1, (7, 9), (12, 256), (3, 3), groups: 2, strides: [2, 2])
        try run(1, (15, 15), (64, 127), (5, 5), strides: [3, 3])
    }

    @Test func rowsAreCutEvenly() {
        for rows in 0..<40 {
            for mr in [1, 6, 8, 12] {
                let heights = TileHeights(rows: rows, mr: mr)
                var next = 0
                for tile in 0..<heights.count {
                    #expect(heights.start(tile) == next && (1...mr).contains(heights.height(tile)))
                    next += heights.height(tile)
                }
                #expect(next == rows && heights.count == (rows + mr - 1) / mr)
            }
        }
    }
}
