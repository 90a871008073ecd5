/// The tiles of a Winograd convolution: for each image, for each phase of the dilation, a grid of tiles of `outputs`.
struct WinogradGrid: Sendable {
    private let outputs: (h: Int, w: Int)
    private let dilation: (h: Int, w: Int)
    /// Tiles in a column and in a row of one phase's grid.
    private let high: Int
    private let wide: Int
    let tiles: Int

    init(images: Int, oh: Int, ow: Int, outputs: (h: Int, w: Int), dilation: (h: Int, w: Int)) {
        self.outputs = outputs
        self.dilation = dilation
        high = Self.side(oh, outputs.h, dilation.h)
        wide = Self.side(ow, outputs.w, dilation.w)
        tiles = images * dilation.h * dilation.w * high * wide
    }

    /// Tiles along an axis of `size` outputs, of one phase.
    private static func side(_ size: Int, _ outputs: Int, _ dilation: Int) -> Int {
        ((size + dilation - 1) / dilation + outputs - 1) / outputs
    }

    /// Where a tile's outputs begin; for the later phases of a ragged grid this may be beyond the image.
    subscript(tile: Int) -> Place {
        let (rest, column) = tile.quotientAndRemainder(dividingBy: wide)
        let (phases, row) = rest.quotientAndRemainder(dividingBy: high)
        let (phasesH, phaseW) = phases.quotientAndRemainder(dividingBy: dilation.w)
        let (image, phaseH) = phasesH.quotientAndRemainder(dividingBy: dilation.h)
        return Place(image: image, top: row * outputs.h * dilation.h + phaseH, left: column * outputs.w * dilation.w + phaseW)
    }

    struct Place {
        var image: Int
        var top: Int
        var left: Int
    }

    /// Calls `body` with each of consecutive tiles, counted from 0, and its place.
    func forEach(_ tiles: Range<Int>, _ body: (_ number: Int, _ place: Place) -> Void) {
        let step = outputs.w * dilation.w
        var tile = tiles.lowerBound
        var place = tile < tiles.upperBound ? self[tile] : Place(image: 0, top: 0, left: 0)
        while tile < tiles.upperBound {
            body(tile - tiles.lowerBound, place)
            tile += 1
            if tile % wide > 0 {
                place.left += step
            } else if tile < tiles.upperBound {
                place = self[tile]
            }
        }
    }
}
