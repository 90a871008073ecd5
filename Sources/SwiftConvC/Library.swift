import CABI
import CShims
import Graph
import Runtime
import TensorCore

@_cdecl("sc_abi_version")
public func abiVersion() -> Int32 { Int32(SC_ABI_VERSION) }

@_cdecl("sc_last_error_message")
public func lastErrorMessage() -> UnsafePointer<CChar>? { sc_message_get() }

@_cdecl("sc_environment")
public func environment(_ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Int32 {
    status { () throws(ConvError) in
        let environment = Environment.current
        // Apart from the literal: together they take the type checker too long on a busy machine.
        let levels: Json = .array(CPULevel.available.map { level in .string(level.rawValue) })
        let openBLAS: Json = OpenBLAS.shared.map { library in .string(library.path) } ?? .null
        let settings = Settings.current
        let memoryLimit: Json = settings.memoryLimit.map { bytes in .int(bytes) } ?? .null
        let gemm: Json = .string(OpenBLAS.isChosen ? "openblas" : "native")
        try write(
            Json.object([
                ("version", .string(Build.version)),
                ("abi_version", .int(Int(SC_ABI_VERSION))),
                ("compiler", .string(Build.compiler)),
                ("cpu", .string(CPU.name)),
                ("level", .string(environment.level.rawValue)),
                ("level_source", .string(environment.levelSource)),
                ("levels", levels),
                ("threads", .int(ThreadCount.current)),
                ("threads_source", .string(ThreadCount.source)),
                ("processors", .int(Int(sc_cpu_count()))),
                ("gemm", gemm),
                ("openblas", openBLAS),
                ("precision", .string(settings.precision.rawValue)),
                ("memory_limit", memoryLimit),
                ("autotune", .bool(settings.autotune)),
            ]).text, to: json, "json")
    }
}

@_cdecl("sc_string_release")
public func stringRelease(_ string: UnsafeMutablePointer<CChar>?) {
    guard let string else { return }
    var bytes = 1
    while string[bytes - 1] != 0 { bytes += 1 }
    sc_memory_free(string, UInt64(bytes))
}

@_cdecl("sc_set_num_threads")
public func setNumThreads(_ threads: Int32) -> Int32 {
    status { () throws(ConvError) in try ThreadCount.set(Int(threads)) }
}

@_cdecl("sc_num_threads")
public func numThreads() -> Int32 { Int32(ThreadCount.current) }

@_cdecl("sc_set_precision")
public func setPrecision(_ precision: UnsafePointer<CChar>?) -> Int32 {
    status { () throws(ConvError) in try Settings.setPrecision(String(cString: try given(precision, "precision"))) }
}

@_cdecl("sc_set_memory_limit")
public func setMemoryLimit(_ bytes: Int64) -> Int32 {
    status { () throws(ConvError) in try Settings.setMemoryLimit(bytes == -1 ? nil : Int(bytes)) }
}

@_cdecl("sc_set_autotune")
public func setAutotune(_ on: Int32) -> Int32 {
    status { () throws(ConvError) in Settings.update { $0.autotune = on != 0 } }
}

@_cdecl("sc_roofline")
public func roofline(_ threads: Int32, _ json: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> Int32 {
    status { () throws(ConvError) in
        guard (0...Int32(ThreadCount.maximum)).contains(threads) else {
            throw .invalidArgument("sc_roofline: threads: expected 0 to \(ThreadCount.maximum), received \(threads)")
        }
        let limits = try Roofline.measure(threads: threads == 0 ? ThreadCount.current : Int(threads))
        let memory: [Json] = limits.memory.map { level in
            .object([
                ("name", .string(level.name)), ("working_set", .int(level.workingSet)), ("read", .double(level.read)),
                ("copy", .double(level.copy)),
            ])
        }
        try write(
            Json.object([
                ("threads", .int(limits.threads)), ("level", .string(Kernels.level.rawValue)), ("gflops", .double(limits.gflops)),
                ("memory", .array(memory)),
            ]).text, to: json, "json")
    }
}
