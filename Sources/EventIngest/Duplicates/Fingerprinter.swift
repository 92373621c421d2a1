import Domain

/// 64-bit fingerprints of identifiers under a key of the process: nobody can make two that meet, and by chance two of
/// 25 million meet once in 60,000 times.
struct Fingerprinter: Sendable {
    private let hash = SeededHash()

    /// Never 0.
    func callAsFunction(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 { max(1, hash(bytes)) }
}
