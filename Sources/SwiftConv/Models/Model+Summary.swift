extension Model {
    /// The layers with the shapes of their outputs and the numbers of their parameters, as a table.
    public var summary: String {
        var rows = [["Layer", "Output shape", "Parameters"]]
        for (i, layer) in layers.enumerated() {
            var shape = "not built"
            if let known = outputShapes(of: i) {
                shape = "(" + (["?"] + known.dropFirst().map { $0 < 0 ? "?" : String($0) }).joined(separator: ", ") + ")"
            }
            rows.append(["\(layer.name) (\(type(of: layer)))", shape, "\(layer.parameterCount)"])
        }
        let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        }
        let trainable = parameters.filter(\.isTrainable).reduce(0) { $0 + $1.count }
        return (["Model: \(name)"] + lines + ["Parameters: \(parameterCount), trainable: \(trainable)"]).joined(separator: "\n")
    }
}
