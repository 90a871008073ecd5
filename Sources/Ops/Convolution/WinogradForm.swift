import CKernelInterface

/// A form of Winograd's algorithm: how many outputs a tile has, for which filters.
package struct WinogradForm: Sendable {
    /// The sides of a tile.
    package let outputs: (h: Int, w: Int)
    /// The sides of the filter, of each phase of a strided one.
    package let window: (h: Int, w: Int)
    private let kernels: @Sendable (sc_winograd_kernels) -> sc_winograd_tile_kernels

    /// Products of a tile, for each pair of channels.
    package var products: Int { points.h * points.w }
    /// The sides of the patch of a tile.
    package var points: (h: Int, w: Int) { (outputs.h + window.h - 1, outputs.w + window.w - 1) }
    package var taps: Int { window.h * window.w }
    /// Whether a tile is a line along a column of the image.
    var isColumn: Bool { window.w == 1 }
    /// As SWIFTCONV_ALGORITHM names it.
    package var name: String { "winograd-\(outputs.h)x\(outputs.w)" }

    func transforms(_ table: sc_winograd_kernels) -> sc_winograd_tile_kernels { kernels(table) }

    /// F(m×m, r×r).
    private init(square outputs: Int, _ taps: Int, _ kernels: @escaping @Sendable (sc_winograd_kernels) -> sc_winograd_tile_kernels) {
        self.outputs = (outputs, outputs)
        window = (taps, taps)
        self.kernels = kernels
    }

    /// F(m, r) along a row or a column.
    private init(
        line outputs: Int, _ taps: Int, isColumn: Bool, _ kernels: @escaping @Sendable (sc_winograd_kernels) -> sc_winograd_tile_kernels
    ) {
        self.outputs = isColumn ? (outputs, 1) : (1, outputs)
        window = isColumn ? (taps, 1) : (1, taps)
        self.kernels = kernels
    }

    /// F(4×4, 3×3) and F(2×2, 3×3).
    package static let four = WinogradForm(square: 4, 3) { $0.f4 }
    package static let two = WinogradForm(square: 2, 3) { $0.f2 }

    /// The forms for a filter, the one with the fewest multiplications first. In sums of very few channels the rounding of the larger
    /// transforms is not made up for by Σ|a||b|: their error bound holds from 4 channels on.
    package static func serving(_ window: (h: Int, w: Int), channels: Int) -> [WinogradForm] {
        switch (window.h, window.w) {
        case (2, 2) where channels >= 4: [WinogradForm(square: 4, 2) { $0.f4_2 }]
        case (3, 3): channels >= 4 ? [four, two] : [two]
        case (5, 5) where channels >= 4: [WinogradForm(square: 2, 5) { $0.f2_5 }]
        case (1, 3) where channels >= 4, (3, 1) where channels >= 4: [WinogradForm(line: 4, 3, isColumn: window.w == 1) { $0.line_4_3 }]
        case (1, 5) where channels >= 4, (5, 1) where channels >= 4: [WinogradForm(line: 2, 5, isColumn: window.w == 1) { $0.line_2_5 }]
        case (1, 7) where channels >= 4, (7, 1) where channels >= 4: [WinogradForm(line: 2, 7, isColumn: window.w == 1) { $0.line_2_7 }]
        default: []
        }
    }
}
