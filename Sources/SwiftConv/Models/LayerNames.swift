import Graph

/// Names of layers that got none: the class in small letters and underscores, with a number from the second on.
public enum LayerNames {
    nonisolated(unsafe) private static var counts: [String: Int] = [:]
    private static let lock = Lock()

    /// Counts from the first again: a script that builds the same model twice gets the same names twice.
    public static func reset() {
        lock.lock()
        counts.removeAll()
        lock.unlock()
    }

    static func next(for className: String) -> String {
        let base = snakeCase(className)
        lock.lock()
        let number = counts[base, default: 0]
        counts[base] = number + 1
        lock.unlock()
        return number == 0 ? base : "\(base)_\(number)"
    }

    /// "MaxPooling2D" as "max_pooling2d", as Keras spells it.
    static func snakeCase(_ name: String) -> String {
        let letters = Array(name)
        var out = ""
        for (i, letter) in letters.enumerated() {
            let isStart =
                letter.isUppercase && i > 0
                && (letters[i - 1].isLowercase || (i + 1 < letters.count && letters[i + 1].isLowercase))
            if isStart { out += "_" }
            out += letter.lowercased()
        }
        return out
    }
}
