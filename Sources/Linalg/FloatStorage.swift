import Glibc

/// Memory for floats: aligned for vectors, on huge pages when it is large, or lent by someone else.
///
/// `@unchecked Sendable`: it is written only through a ``Matrix`` that holds the sole reference (copy on write), so no
/// two threads see it change.
final class FloatStorage: @unchecked Sendable {
    let count: Int
    let base: UnsafeMutablePointer<Float>
    /// Keeps lent memory alive. Lent memory is never written: ``Matrix`` copies before its first mutation.
    let lender: (any AnyObject & Sendable)?

    private static let hugePage = 2 << 20

    /// Zeros. O(count).
    init(zeros count: Int) {
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        let isHuge = bytes >= 2 * Self.hugePage
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: isHuge ? Self.hugePage : 64)
        // Gathers over a large factor matrix miss the TLB on 4 KiB pages: huge pages save about a tenth of an epoch.
        if isHuge { _ = madvise(memory, bytes, Int32(MADV_HUGEPAGE)) }
        memset(memory, 0, bytes)
        self.count = count
        base = memory.bindMemory(to: Float.self, capacity: max(count, 1))
        lender = nil
    }

    init(lent: UnsafePointer<Float>, count: Int, by lender: any AnyObject & Sendable) {
        self.count = count
        base = UnsafeMutablePointer(mutating: lent)
        self.lender = lender
    }

    deinit {
        if lender == nil { UnsafeMutableRawPointer(base).deallocate() }
    }

    func copy() -> FloatStorage {
        let result = FloatStorage(zeros: count)
        result.base.update(from: base, count: count)
        return result
    }
}
