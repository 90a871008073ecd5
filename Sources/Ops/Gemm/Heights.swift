/// A run of rows cut into register tiles of nearly equal height: 9 rows are 5 and 4 rather than 6 and 3, whose sums would be too few
/// to hide the latency of a multiply-add.
struct TileHeights: Sendable, Hashable {
    /// How many tiles.
    let count: Int
    /// The height of the first `taller` tiles is `height`, that of the others one less.
    let height: Int
    let taller: Int

    init(rows: Int, mr: Int) {
        count = (rows + mr - 1) / mr
        height = count == 0 ? 0 : (rows + count - 1) / count
        taller = count == 0 ? 0 : rows - (height - 1) * count
    }

    func height(_ tile: Int) -> Int { tile < taller ? height : height - 1 }
    /// The first row of a tile.
    func start(_ tile: Int) -> Int { tile * height - max(0, tile - taller) }
}
