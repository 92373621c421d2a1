#if canImport(CJemalloc)
import CJemalloc
#endif

/// This process's heap, which jemalloc keeps instead of the C library: see docs/decisions/c-libraries.md.
public enum Heap {
    /// Bytes that the program has asked for and not given back, and bytes of physical memory that hold them or are kept for
    /// what it asks for next. Both 0 in a build without jemalloc (`MARQUEE_MALLOC=system`, for sanitizers). Microseconds; takes
    /// a lock that allocation does not.
    public static var figures: (allocated: Int, resident: Int) {
        #if canImport(CJemalloc)
        // The figures are those of the moment when the epoch last moved.
        var epoch: UInt64 = 1
        mallctl("epoch", nil, nil, &epoch, MemoryLayout<UInt64>.size)
        return (figure("stats.allocated"), figure("stats.resident"))
        #else
        return (0, 0)
        #endif
    }

    #if canImport(CJemalloc)
    private static func figure(_ name: String) -> Int {
        var value = 0
        var size = MemoryLayout<Int>.size
        return mallctl(name, &value, &size, nil, 0) == 0 ? value : 0
    }
    #endif
}
