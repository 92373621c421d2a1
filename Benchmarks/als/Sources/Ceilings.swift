internal import CKernels
import Linalg

/// What no program can beat on this machine, measured by the kernels' own loops.
extension Kernels {
    /// Multiplies and adds in registers alone.
    /// - Returns: the floating-point operations that were done.
    func operationsOfPeak(iterations: Int) -> Double { ck_measure_peak(Int32(level), iterations) }

    /// Reads `memory` once as fast as one thread can: the floor of what must read it.
    /// - Returns: its sum, up to rounding and the last few floats.
    func readAll(_ memory: UnsafeBufferPointer<Float>) -> Float {
        guard let base = memory.baseAddress else { return 0 }
        return ck_measure_read(Int32(level), base, memory.count)
    }
}
