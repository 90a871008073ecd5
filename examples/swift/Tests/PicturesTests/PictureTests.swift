import Foundation
import Pictures
import SwiftConv
import Testing

/// A folder of its own, which goes with the test.
final class Folder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("pictures-\(UUID().uuidString)")
    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }
    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
}

/// What the error of `body` says; nil where there is none.
func message(_ body: () throws -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return "\(error)"
    }
}

@Suite struct PictureTests {
    @Test(arguments: [1, 3]) func aFileHoldsEveryPixel(channels: Int) throws {
        let folder = try Folder()
        // every number that 8 bits can tell, rows of odd length
        let pixels = (0..<7 * 37 * channels).map { Float($0 % 256) / 255 }
        let picture = try Picture(width: 37, height: 7, channels: channels, pixels: pixels)
        try picture.write(to: folder.path("picture.png"))
        #expect(try Picture(reading: folder.path("picture.png"), channels: channels) == picture)
    }

    @Test func numbersBeyondTheRangeAreCut() throws {
        let folder = try Folder()
        let picture = try Picture(width: 5, height: 1, channels: 1, pixels: [-1, 2, .nan, .infinity, 0.5])
        try picture.write(to: folder.path("cut.png"))
        #expect(try Picture(reading: folder.path("cut.png"), channels: 1).pixels == [0, 1, 0, 1, 128.0 / 255])
    }

    @Test func kindsAreConverted() throws {
        let folder = try Folder()
        let grey = try Picture(width: 2, height: 2, channels: 1, pixels: [0, 0.2, 0.6, 1])
        try grey.write(to: folder.path("grey.png"))
        #expect(
            try Picture(reading: folder.path("grey.png"), channels: 3).pixels == [0, 0, 0, 0.2, 0.2, 0.2, 0.6, 0.6, 0.6, 1, 1, 1])
        let red = try Picture(width: 1, height: 1, channels: 3, pixels: [1, 0, 0])
        try red.write(to: folder.path("red.png"))
        let brightness = try Picture(reading: folder.path("red.png"), channels: 1).pixels[0]
        #expect(brightness > 0.2 && brightness < 0.6)
    }

    @Test func filesThatAreNoPicturesAreNamed() throws {
        let folder = try Folder()
        let (none, text, half) = (folder.path("none.png"), folder.path("text.png"), folder.path("half.png"))
        try Data("Words, not pixels".utf8).write(to: URL(fileURLWithPath: text))
        try Picture.drawing().write(to: half)
        try Data(contentsOf: URL(fileURLWithPath: half)).prefix(200).write(to: URL(fileURLWithPath: half))

        #expect(message { _ = try Picture(reading: none, channels: 1) } == "\(none): cannot be opened: No such file or directory")
        #expect(message { _ = try Picture(reading: text, channels: 1) }?.hasPrefix("\(text): is no PNG picture (") == true)
        #expect(message { _ = try Picture(reading: half, channels: 1) }?.hasPrefix("\(half): is damaged (") == true)
        #expect(message { _ = try Picture(reading: folder.url.path, channels: 1) } != nil)
        #expect(message { _ = try Picture(reading: half, channels: 2) } == "\(half): channels: expected 1 or 3, received 2")
        #expect(message { try Picture.drawing().write(to: folder.path("no/folder.png")) }?.contains("cannot be written") == true)
    }

    @Test func sizesAreChecked() {
        #expect(message { _ = try Picture(width: 2, height: 2, channels: 1, pixels: [1]) } != nil)
        #expect(message { _ = try Picture(width: 0, height: 2, channels: 1, pixels: []) } != nil)
        #expect(message { _ = try Picture(width: 1, height: 1, channels: 2, pixels: [1, 1]) } != nil)
        #expect(message { _ = try Picture(width: -1, height: 3) { _, _ in 0 } } != nil)
        #expect(message { _ = try Picture.row([]) } != nil)
        #expect(message { _ = try Picture.row([try Picture.drawing(size: 4), try Picture.drawing(size: 5)]) } != nil)
    }

    @Test func picturesStandInARow() throws {
        let left = try Picture(width: 1, height: 2, channels: 1, pixels: [0.1, 0.2])
        let right = try Picture(width: 2, height: 2, channels: 1, pixels: [0.3, 0.4, 0.5, 0.6])
        let row = try Picture.row([left, right], gap: 1)
        #expect(row.width == 4 && row.height == 2)
        #expect(row.pixels == [0.1, 1, 0.3, 0.4, 0.2, 1, 0.5, 0.6])
    }

    @Test func picturesStandInAColumn() throws {
        let above = try Picture(width: 2, height: 1, channels: 1, pixels: [0.1, 0.2])
        let below = try Picture(width: 2, height: 2, channels: 1, pixels: [0.3, 0.4, 0.5, 0.6])
        let column = try Picture.column([above, below], gap: 1)
        #expect(column.width == 2 && column.height == 4)
        #expect(column.pixels == [0.1, 0.2, 1, 1, 0.3, 0.4, 0.5, 0.6])
        #expect(message { _ = try Picture.column([]) } != nil)
        #expect(message { _ = try Picture.column([try Picture.drawing(size: 4), try Picture.drawing(size: 5)]) } != nil)
    }

    @Test func tensorsComeAndGo() throws {
        let picture = try Picture.drawing(size: 9)
        #expect(try picture.tensor().shape == [1, 9, 9, 1])
        #expect(try Picture(try picture.tensor()) == picture)
        #expect(message { _ = try Picture(try Tensor.zeros([9, 9])) } != nil)
        #expect(message { _ = try Picture(try Tensor.zeros([2, 9, 9, 1])) } != nil)
    }
}
