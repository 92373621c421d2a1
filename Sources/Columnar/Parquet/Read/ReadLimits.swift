/// How much memory the rows of one row group may take.
///
/// Parquet packs repetition so well that a file of a kilobyte can honestly claim gigabytes, and a hostile one does. Nothing
/// is allocated on the word of a header beyond what these limits give: past them the file is refused.
public struct ReadLimits: Hashable, Sendable {
    /// What any file may take, however small it is.
    public var baseBytes = 256 << 20
    /// And what it may take more for each of its own bytes. Event tables take five.
    public var bytesPerStoredByte = 128

    public init() {}
}

/// Counts what decoding one row group allocates, before it does.
///
/// A class, since the decoders of all columns draw on one; not Sendable, since one thread reads a row group.
final class MemoryBudget {
    private let limit: Int
    private var used = 0

    init(_ limits: ReadLimits, fileSize: Int) {
        let (extra, overflow) = fileSize.multipliedReportingOverflow(by: max(0, limits.bytesPerStoredByte))
        let (sum, carry) = extra.addingReportingOverflow(max(0, limits.baseBytes))
        limit = overflow || carry ? .max : sum
    }

    /// Without a limit, for what is already bounded.
    init() { limit = .max }

    /// - Throws: `DecodingFault` if this is more than there may be.
    func charge(_ bytes: Int) throws {
        let (sum, overflow) = used.addingReportingOverflow(bytes)
        guard bytes >= 0, !overflow, sum <= limit else {
            throw DecodingFault.unsupported(
                "a row group whose rows take more than \(limit >> 20) MB, the limit for a file of its size")
        }
        used = sum
    }

    func charge(_ count: Int, of size: Int) throws {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
        try charge(overflow ? -1 : bytes)
    }

    /// What was charged for something that is gone.
    func release(_ bytes: Int) { used -= bytes }
}
