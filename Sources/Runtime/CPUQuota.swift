import CShims

/// The share of the processors that the control groups (cgroups) of this process leave it, as a container's `--cpus` sets it.
enum CPUQuota {
    /// In processors, the least of all groups above this process; nil where there is no limit.
    static func ofThisProcess() -> Double? { find(read: readFile) }

    /// `read` gives the text of a file, nil where there is none.
    static func find(read: (String) -> String?) -> Double? {
        var least: Double?
        func consider(_ quota: Double?) {
            if let quota, quota > 0 { least = min(least ?? quota, quota) }
        }
        let groups = (read("/proc/self/cgroup") ?? "").split(separator: "\n").map {
            $0.split(separator: ":", omittingEmptySubsequences: false)
        }
        for group in groups where group.count >= 3 {
            // "0::/path" is version 2; "4:cpu,cpuacct:/path" is version 1. A path may hold ":".
            let path = group[2...].joined(separator: ":")
            let controllers = group[1].split(separator: ",")
            if group[0] == "0", group[1].isEmpty {
                for mount in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
                    for directory in directories(mount, path) { consider(version2(read, directory)) }
                }
            } else if controllers.contains("cpu") {
                for mount in ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/\(group[1])"] {
                    for directory in directories(mount, path) { consider(version1(read, directory)) }
                }
            }
        }
        return least
    }

    /// `mount + path` and all directories above it. In a container the path may be that of the host, where only the mount itself exists.
    private static func directories(_ mount: String, _ path: String) -> [String] {
        var found = [mount]
        for part in path.split(separator: "/") where part != ".." { found.append(found[found.count - 1] + "/" + part) }
        return found
    }

    /// "max 100000" or "150000 100000": time and period in microseconds.
    private static func version2(_ read: (String) -> String?, _ directory: String) -> Double? {
        guard let words = read(directory + "/cpu.max")?.split(whereSeparator: \.isWhitespace), words.count == 2 else { return nil }
        return ratio(words[0], words[1])
    }

    private static func version1(_ read: (String) -> String?, _ directory: String) -> Double? {
        guard let quota = read(directory + "/cpu.cfs_quota_us"), let period = read(directory + "/cpu.cfs_period_us") else { return nil }
        let time = quota.split(whereSeparator: \.isWhitespace).first ?? ""
        return ratio(time, period.split(whereSeparator: \.isWhitespace).first ?? "")
    }

    private static func ratio(_ quota: Substring, _ period: Substring) -> Double? {
        guard let quota = Double(quota), let period = Double(period), quota > 0, period > 0 else { return nil }
        return quota / period
    }

    private static func readFile(_ path: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 1) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            let count = sc_read_file(path, base.assumingMemoryBound(to: CChar.self), buffer.count)
            guard count >= 0 else { return nil }
            return String(decoding: UnsafeRawBufferPointer(start: base, count: count), as: UTF8.self)
        }
    }
}
