import Runtime
import TensorCore

/// How many threads the engine uses, the calling one included. Results have the same bits for every number.
public enum Threads {
    /// The number of now: what `set` or `SWIFTCONV_NUM_THREADS` said, else the processors that the process may use.
    public static var count: Int { ThreadCount.current }

    /// Sets the number for the whole process: for what begins from now on, models and functions that were compiled before included.
    ///
    ///     let before = Threads.count
    ///     try Threads.set(1)
    ///     let y = try nn.relu(Tensor([-1, 2]))       // on the calling thread alone
    ///     print(try y.scalars())                     // [0.0, 2.0]
    ///     try Threads.set(before)
    ///
    /// - Parameter count: from 1 to 1024. More than the processors there are make nothing faster.
    /// - Throws: `SwiftConvError` of the kind `invalidArgument` for another number.
    public static func set(_ count: Int) throws(SwiftConvError) {
        guard (1...ThreadCount.maximum).contains(count) else {
            throw .invalidArgument("Threads.set: count: expected 1 to \(ThreadCount.maximum), received \(count)")
        }
        try engine { () throws(ConvError) in try ThreadCount.set(count) }
    }
}
