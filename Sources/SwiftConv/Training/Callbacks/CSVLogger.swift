#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes one line an epoch to a CSV file, flushed at once.
public final class CSVLogger: Callback {
    private let path: String
    private let separator: String
    private let append: Bool
    private var file: UnsafeMutablePointer<FILE>?
    private var columns: [String]?
    private var needsHeader = true

    /// `append` adds to an existing file instead of replacing it.
    public init(_ path: String, separator: String = ",", append: Bool = false) {
        self.path = path
        self.separator = separator
        self.append = append
    }

    deinit { close() }

    /// Opens the file.
    public func onTrainBegin(_ run: TrainingRun) throws(SwiftConvError) {
        close()
        guard let opened = fopen(path, append ? "ab" : "wb") else {
            throw .invalidArgument("CSVLogger: \(path): cannot be written: \(String(cString: strerror(errno)))")
        }
        fseek(opened, 0, SEEK_END)
        needsHeader = ftell(opened) == 0
        file = opened
        columns = nil
    }

    /// Writes a line.
    public func onEpochEnd(_ epoch: Int, _ run: TrainingRun) throws(SwiftConvError) {
        guard let file else { return }
        let logs = run.logs
        var lines: [[String]] = []
        let names = columns ?? logs.keys.sorted()
        if columns == nil, needsHeader { lines.append(["epoch"] + names) }
        columns = names
        lines.append(["\(epoch)"] + names.map { name in logs[name].map { "\($0)" } ?? "NA" })
        for line in lines {
            let text = line.map(quoted).joined(separator: separator) + "\r\n"
            guard fputs(text, file) >= 0 else { throw .invalidArgument("CSVLogger: \(path): cannot be written") }
        }
        guard fflush(file) == 0 else { throw .invalidArgument("CSVLogger: \(path): cannot be written") }
    }

    private func quoted(_ cell: String) -> String {
        guard cell.contains(where: { $0 == "\"" || $0.isNewline }) || cell.contains(separator) else { return cell }
        return "\"" + cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// Closes the file.
    public func onTrainEnd(_ run: TrainingRun) { close() }
    /// Closes the file.
    public func onInterrupt(_ error: SwiftConvError, _ run: TrainingRun) { close() }

    private func close() {
        if let file { fclose(file) }
        file = nil
    }
}
