import TensorCore
import Testing

@testable import Runtime

@Suite struct EnvironmentTests {
    func environment(_ variables: [String: String], available: [CPULevel] = [.baseline, .v3]) -> Environment {
        Environment(available: available) { variables[$0] }
    }

    @Test func nothingSetTakesTheBestLevel() {
        let e = environment([:])
        #expect(e.error == nil)
        #expect(e.level == .v3)
        #expect(e.levelSource == "cpuid")
        #expect(e.threads == nil)
        #expect(e.gemm == nil)
        #expect(environment(["SWIFTCONV_CPU_LEVEL": "", "SWIFTCONV_NUM_THREADS": "", "SWIFTCONV_GEMM": ""]).error == nil)
    }

    @Test func overridesAreTaken() {
        let e = environment(["SWIFTCONV_CPU_LEVEL": "baseline", "SWIFTCONV_NUM_THREADS": "3", "SWIFTCONV_GEMM": "openblas"])
        #expect(e.error == nil)
        #expect(e.level == .baseline)
        #expect(e.levelSource == "SWIFTCONV_CPU_LEVEL")
        #expect(e.threads == 3)
        #expect(e.gemm == .openblas)
    }

    @Test(arguments: ["v4", "avx2", "V3", "neon", " v3"])
    func levelsThatCannotBeHadAreErrors(level: String) {
        let e = environment(["SWIFTCONV_CPU_LEVEL": level])
        #expect(e.error?.kind == .invalidArgument)
        #expect(e.error?.message.contains("SWIFTCONV_CPU_LEVEL") == true)
        #expect(e.error?.message.contains("\"\(level)\"") == true)
        #expect(e.error?.message.contains("baseline, v3") == true)
        #expect(e.level == .v3)  // something that runs
    }

    @Test(arguments: ["0", "-1", "two", "1.5", "1025", "99999999999999999999", " 2"])
    func badThreadCountsAreErrors(text: String) {
        let e = environment(["SWIFTCONV_NUM_THREADS": text])
        #expect(e.error?.kind == .invalidArgument)
        #expect(e.error?.message.contains("\"\(text)\"") == true)
        #expect(e.threads == nil)
    }

    @Test func badGEMMIsAnError() {
        #expect(environment(["SWIFTCONV_GEMM": "mkl"]).error?.message.contains("native or openblas") == true)
    }

    @Test func openBLASIsWantedWhereItIsFaster() {
        #expect(OpenBLAS.isWanted(gemm: nil, level: .baseline, hasAVX: true))
        #expect(!OpenBLAS.isWanted(gemm: nil, level: .baseline, hasAVX: false))
        for level in [CPULevel.v3, .v4, .neon] { #expect(!OpenBLAS.isWanted(gemm: nil, level: level, hasAVX: true)) }
        for level in CPULevel.allCases {
            #expect(OpenBLAS.isWanted(gemm: .openblas, level: level, hasAVX: false))
            #expect(!OpenBLAS.isWanted(gemm: .native, level: level, hasAVX: true))
        }
    }

    @Test func levelsOfCPUs() {
        #expect(CPULevel.levels(x86: 1) == [.baseline])
        #expect(CPULevel.levels(x86: 3) == [.baseline, .v3])
        #expect(CPULevel.levels(x86: 4) == [.baseline, .v3, .v4])
        #expect(CPULevel.available.isEmpty == false)
    }

    @Test func threadsAreTheLeastOfWhatTheSystemOffers() {
        func choose(_ requested: Int?, _ affinity: Int?, _ quota: Double?, _ processors: Int) -> ThreadCount.Choice {
            ThreadCount.choose(requested: requested, affinity: affinity, quota: quota, processors: processors)
        }
        #expect(choose(7, 2, 1, 4) == .init(threads: 7, source: "SWIFTCONV_NUM_THREADS"))
        #expect(choose(nil, nil, nil, 4) == .init(threads: 4, source: "processors"))
        #expect(choose(nil, 4, nil, 4) == .init(threads: 4, source: "processors"))
        #expect(choose(nil, 2, nil, 4) == .init(threads: 2, source: "affinity"))
        #expect(choose(nil, 3, 1.5, 4) == .init(threads: 2, source: "cgroup quota"))
        #expect(choose(nil, 2, 2.5, 4) == .init(threads: 2, source: "affinity"))
        #expect(choose(nil, 2, 0.2, 4) == .init(threads: 1, source: "cgroup quota"))
        #expect(choose(nil, nil, 1e300, 4) == .init(threads: 4, source: "processors"))
        #expect(choose(nil, nil, nil, 4000).threads == 1024)
        #expect(choose(nil, nil, nil, 0).threads == 1)
    }

    @Test func quotaOfCgroupVersion2IsTheLeastOfThePath() {
        let files = [
            "/proc/self/cgroup": "0::/kubepods/pod1\n",
            "/sys/fs/cgroup/cpu.max": "max 100000\n",
            "/sys/fs/cgroup/kubepods/cpu.max": "150000 100000\n",
            "/sys/fs/cgroup/kubepods/pod1/cpu.max": "400000 100000\n",
        ]
        #expect(CPUQuota.find { files[$0] } == 1.5)
    }

    @Test func quotaOfCgroupVersion1() {
        var files = [
            "/proc/self/cgroup": "9:name=systemd:/\n4:memory:/m\n2:cpu,cpuacct:/docker/x:y\n0::/\n",
            "/sys/fs/cgroup/cpu,cpuacct/docker/x:y/cpu.cfs_quota_us": "50000\n",
            "/sys/fs/cgroup/cpu,cpuacct/docker/x:y/cpu.cfs_period_us": "100000\n",
        ]
        #expect(CPUQuota.find { files[$0] } == 0.5)
        files["/sys/fs/cgroup/cpu,cpuacct/docker/x:y/cpu.cfs_quota_us"] = "-1\n"
        #expect(CPUQuota.find { files[$0] } == nil)
    }

    @Test func quotaIgnoresNonsense() {
        #expect(CPUQuota.find { _ in nil } == nil)
        #expect(CPUQuota.find { _ in "::::\n0::\nx" } == nil)
        #expect(CPUQuota.find { $0.hasSuffix("cgroup") ? "0::/../..\n" : "0 0" } == nil)
        #expect(CPUQuota.find { $0.hasSuffix("cgroup") ? "0::/a\n" : "nan 100000" } == nil)
    }
}
