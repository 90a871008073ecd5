extension Json {
    /// The value that `text` (UTF-8) spells; nil where it is not JSON, or nested deeper than 100. Numbers without fraction and exponent that
    /// fit are `int`, all others `double`. `NaN` and `Infinity` are read as Python writes them.
    package static func parsed(_ text: UnsafeRawBufferPointer) -> Json? {
        var parser = Parser(text)
        guard let value = parser.value(depth: 0), parser.isAtEnd else { return nil }
        return value
    }

    package static func parsed(_ text: String) -> Json? {
        var text = text
        return text.withUTF8 { parsed(UnsafeRawBufferPointer($0)) }
    }

    /// The member of an object; nil elsewhere.
    package subscript(key: String) -> Json? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.0 == key }?.1
    }

    package var asInt: Int? {
        if case .int(let value) = self { value } else { nil }
    }
    package var asString: String? {
        if case .string(let value) = self { value } else { nil }
    }
    package var asArray: [Json]? {
        if case .array(let items) = self { items } else { nil }
    }
    package var asObject: [(String, Json)]? {
        if case .object(let members) = self { members } else { nil }
    }
    /// An array of integers.
    package var asInts: [Int]? {
        guard case .array(let items) = self else { return nil }
        let numbers = items.compactMap(\.asInt)
        return numbers.count == items.count ? numbers : nil
    }
}

private struct Parser {
    private let text: UnsafeRawBufferPointer
    private var position = 0

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    /// Whether nothing but blanks is left.
    var isAtEnd: Bool {
        mutating get {
            skipBlanks()
            return position == text.count
        }
    }

    private func peek() -> UInt8? { position < text.count ? text[position] : nil }

    private mutating func skipBlanks() {
        while let c = peek(), c == 0x20 || c == 0x0A || c == 0x0D || c == 0x09 { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func word(_ letters: StaticString, _ value: Json) -> Json? {
        let count = letters.utf8CodeUnitCount
        guard position + count <= text.count else { return nil }
        for i in 0..<count where text[position + i] != letters.utf8Start[i] { return nil }
        position += count
        return value
    }

    mutating func value(depth: Int) -> Json? {
        skipBlanks()
        guard depth < 100, let first = peek() else { return nil }
        switch first {
        case UInt8(ascii: "{"): return object(depth)
        case UInt8(ascii: "["): return array(depth)
        case UInt8(ascii: "\""): return string().map { .string($0) }
        case UInt8(ascii: "t"): return word("true", .bool(true))
        case UInt8(ascii: "f"): return word("false", .bool(false))
        case UInt8(ascii: "n"): return word("null", .null)
        // as Python writes what JSON has no numbers for
        case UInt8(ascii: "N"): return word("NaN", .double(.nan))
        case UInt8(ascii: "I"): return word("Infinity", .double(.infinity))
        case UInt8(ascii: "-") where position + 1 < text.count && text[position + 1] == UInt8(ascii: "I"):
            return word("-Infinity", .double(-.infinity))
        default: return number()
        }
    }

    private mutating func object(_ depth: Int) -> Json? {
        position += 1
        var members: [(String, Json)] = []
        if take("}") { return .object(members) }
        while true {
            skipBlanks()
            guard peek() == UInt8(ascii: "\""), let key = string(), take(":"), let value = value(depth: depth + 1) else { return nil }
            members.append((key, value))
            if take("}") { return .object(members) }
            guard take(",") else { return nil }
        }
    }

    private mutating func array(_ depth: Int) -> Json? {
        position += 1
        var items: [Json] = []
        if take("]") { return .array(items) }
        while true {
            guard let value = value(depth: depth + 1) else { return nil }
            items.append(value)
            if take("]") { return .array(items) }
            guard take(",") else { return nil }
        }
    }

    private mutating func number() -> Json? {
        let start = position
        var isInteger = true
        while let c = peek() {
            switch c {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): break
            case UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): isInteger = false
            default:
                return finished(start, isInteger)
            }
            position += 1
        }
        return finished(start, isInteger)
    }

    private func finished(_ start: Int, _ isInteger: Bool) -> Json? {
        guard position > start, text[start] == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[start]) else {
            return nil
        }
        let digits = String(decoding: text[start..<position], as: UTF8.self)
        if isInteger, let value = Int(digits) { return .int(value) }
        return Double(digits).map { .double($0) }
    }

    /// The string whose opening quote is next.
    private mutating func string() -> String? {
        position += 1
        var bytes: [UInt8] = []
        while let c = peek() {
            position += 1
            if c == UInt8(ascii: "\"") { return String(decoding: bytes, as: UTF8.self) }
            guard c == UInt8(ascii: "\\") else {
                guard c >= 0x20 else { return nil }
                bytes.append(c)
                continue
            }
            guard let escaped = peek() else { return nil }
            position += 1
            switch escaped {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(escaped)
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "u"):
                guard let scalar = escapedScalar() else { return nil }
                bytes += Array(String(Character(scalar)).utf8)
            default: return nil
            }
        }
        return nil
    }

    /// The scalar after `\u`; a pair of surrogates is one.
    private mutating func escapedScalar() -> Unicode.Scalar? {
        guard let high = fourDigits() else { return nil }
        guard (0xD800..<0xDC00).contains(high) else { return Unicode.Scalar(high) }
        guard peek() == UInt8(ascii: "\\") else { return nil }
        position += 1
        guard peek() == UInt8(ascii: "u") else { return nil }
        position += 1
        guard let low = fourDigits(), (0xDC00..<0xE000).contains(low) else { return nil }
        return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    }

    private mutating func fourDigits() -> UInt32? {
        guard position + 4 <= text.count else { return nil }
        let digits = String(decoding: text[position..<position + 4], as: UTF8.self)
        position += 4
        guard digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else { return nil }
        return UInt32(digits, radix: 16)
    }
}
