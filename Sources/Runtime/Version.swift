import CShims

/// What this build is. The version is also pyproject.toml's; a test compares them.
package enum Build {
    package static let version = "0.1.0"

    /// The compilers that made it, as far as the sources can know: `#if compiler` tells the release, the C compiler tells all.
    package static let compiler: String = {
        #if compiler(>=6.5)
            let swift = "6.5 or later"
        #elseif compiler(>=6.4)
            let swift = "6.4"
        #elseif compiler(>=6.3.1)
            let swift = "6.3.1 or later 6.3"
        #elseif compiler(>=6.3)
            let swift = "6.3.0"
        #else
            let swift = "6.2"
        #endif
        let words = String(cString: sc_c_compiler()).split(separator: " ")
        return "Swift \(swift), " + (words.count >= 2 && words[0] == "Clang" ? "Clang \(words[1])" : words.joined(separator: " "))
    }()
}
