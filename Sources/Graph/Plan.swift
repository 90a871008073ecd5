import Ops
import TensorCore

/// Where every value of a program lies, and when.
struct Plan {
    enum Place: Hashable {
        case feed(Int)
        /// The caller's output memory.
        case fetch(Int)
        case constant
        case variable
        case arena(offset: Int)
        /// Memory of the executable that keeps its content between runs.
        case kept(offset: Int)
    }

    struct Buffer {
        var place: Place
        var bytes: Int
        /// The nodes between which the content counts, both included. `nodes.count` is the end of the run.
        var first: Int
        var last: Int
        var variable: Variable?
        var constant: Constant?
        /// The values that lie here, one after the other or as aliases.
        var values: [Int] = []
    }

    struct Copy {
        var value: Int
        var bytes: Int
    }

    var buffers: [Buffer] = []
    /// For each value its buffer; -1 for values of nobody.
    var bufferOf: [Int]
    /// For each node its workspace: an offset in the arena.
    var workspaceOffsets: [Int]
    /// For each node whether it needs not be run, because its output is its input's memory.
    var isAlias: [Bool]
    /// For each node whether it is run only when the variables it depends on have changed.
    var isInvariant: [Bool]
    /// Fetches that are copied at the end: (fetch, value).
    var fetchCopies: [(fetch: Int, value: Int)] = []
    /// Variables that are copied at the end: (index into assignments).
    var assignmentCopies: [Int] = []
    var arenaBytes = 0
    var keptBytes = 0
    /// The most bytes of the arena that are alive at one time: what no order of the buffers could go below.
    var peakBytes = 0
    var inPlace: [String] = []
}
