import CKernelInterface
import Runtime

extension Level {
    /// The register tile of every multiplication, over several depths; the tails of rows and columns; packing; products of few rows.
    func addGemm() {
        let kernels = Kernels.table.gemm
        let (mr, nr) = (kernels.mr, kernels.nr_f32)
        let tiles = kernels.f32.tiles!
        let pair = kernels.pair_mr > 0 ? [(kernels.pair_mr, 2 * nr, 64), (kernels.pair_mr, 2 * nr, 256)] : []
        for (rows, columns, depth) in pair + [
            (mr, nr, 16), (mr, nr, 64), (mr, nr, 256), (mr, nr, 576), (mr - 2, nr, 256), (1, nr, 256), (mr, nr - 3, 256), (mr, nr / 2, 256),
        ] {
            let (a, b, y) = (floats(mr * depth), floats(depth * 2 * nr + 16), floats(mr * 2 * nr))
            // a few tiles: [segments][y pointer of each row][b offset][depth][a pointer of each row]
            let (tileWords, count) = (3 + 2 * mr, 4)
            let words = UnsafeMutablePointer<Int>.allocate(capacity: count * tileWords)
            for tile in 0..<count {
                let words = words + tile * tileWords
                words[0] = 1
                for row in 0..<mr {
                    words[1 + row] = Int(bitPattern: y + min(row, rows - 1) * max(nr, columns))
                    words[3 + mr + row] = Int(bitPattern: a + min(row, rows - 1) * depth)
                }
                (words[1 + mr], words[2 + mr]) = (0, depth)
            }
            let job = sc_gemm_job(
                tiles: words, tile_count: count, tile_words: tileWords, table_rows: mr, rows: rows, a_step: 1, b_step: nr, a_packed: 0,
                b: b, second: depth * nr * 4, y_offset: 0,
                columns: columns, next: nil, accumulate: 0, finish: 1, streams: 0, bias: nil, activation: 1, alpha: 0)
            add("gemm tiles \(rows)x\(columns), depth \(depth)", flops: count * 2 * rows * columns * depth) {
                withUnsafePointer(to: job) { tiles($0) }
            }
        }
        let (source, panel) = (floats(256 * 512), floats(256 * nr))
        let pack = kernels.f32.pack!
        add("gemm pack, 256 deep, rows of b", bytes: 256 * nr * 8) { pack(source, 256, nr, 512, 1, panel) }
        add("gemm pack, 256 deep, b transposed", bytes: 256 * nr * 8) { pack(source, 256, nr, 1, 256, panel) }
        let strip = kernels.f32.strip!
        // rows of taps of 3 channels, stride 2; 9 taps of one channel; 72 of a group of 8
        for (taps, across, pixel, step) in [(147, 21, 24, 720), (9, 3, 4, 120), (72, 24, 32, 960)] {
            let pixels = 2 * mr
            let (band, b, y) = (floats(64 * 1024), floats(taps * nr + 16), floats(pixels * nr))
            let steps = UnsafeMutablePointer<Int>.allocate(capacity: taps)
            for k in 0..<taps { steps[k] = k / across * step + k % across * 4 }
            var job = sc_strip_job()
            (job.a, job.b, job.y) = (UnsafeRawPointer(band), UnsafeRawPointer(b), UnsafeMutableRawPointer(y))
            (job.a_pixel, job.y_pixel, job.pixels, job.columns) = (pixel, nr * 4, pixels, nr)
            (job.steps, job.depth) = (UnsafePointer(steps), taps)
            let ready = job
            add("gemm strip of \(pixels)x\(nr), depth \(taps)", flops: 2 * pixels * nr * taps) {
                withUnsafePointer(to: ready) { strip($0) }
            }
        }
        let (row, matrix, c) = (floats(64), floats(64 * 96), floats(96))
        let fewRows = kernels.f32.few_rows!
        add("one row times 64x96", flops: 2 * 64 * 96, bytes: 64 * 96 * 4) { fewRows(row, 64, 1, matrix, 96, 64, 96, c, 96) }
    }
}
