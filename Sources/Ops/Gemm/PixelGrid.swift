/// Where the rows of a product lie: a grid of pixels that slides over source images, and where each pixel's sums go.
/// All distances are in bytes. Tap (i, j) of grid pixel (y, x) lies at source row y · strideH + tapsH[i].offset, and so on.
struct PixelGrid: Sendable {
    struct Tap: Sendable {
        /// Its index in the filter.
        var index: Int
        var offset: Int
    }

    var images: Int
    var gridH: Int
    var gridW: Int
    var strideH = 1
    var strideW = 1
    var sourceH: Int
    var sourceW: Int
    var sourceImage: Int
    var sourceRow: Int
    var sourcePixel: Int
    var tapsH: [Tap]
    var tapsW: [Tap]
    /// Taps in a row of the whole filter.
    var filterW: Int
    var targetStart = 0
    var targetImage: Int
    var targetRow: Int
    var targetPixel: Int

    var pixels: Int { images * gridH * gridW }
    /// Whether all rows of the result begin at a cache line where the result does.
    var hasAlignedRows: Bool { [targetStart, targetImage, targetRow, targetPixel].allSatisfy { $0 % 64 == 0 } }
}

/// The second operand before packing: element (tap, k, column, group), distances in elements.
struct ColumnSource: Sendable, Hashable {
    var tap: Int
    var k: Int
    var column: Int
    var group: Int
}
