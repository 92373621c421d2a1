internal import Foundation
internal import Linalg
internal import Operations

/// What a whole training run needs of memory at its peak, known once the events are counted:
///
///     96 MiB                     the program, BLAS, a batch of the scan
///     + 9 E + max(8 E, 1 KiB U)  interactions by user, and by item while factors are fitted; figures of each evaluated
///                                user, E events, U users
///     + (4 k s + 128) (U + I)    factors, row starts, identifiers by hash, I items, k the columns of the factors rounded up
///                                to 16, s = 2 for a warm start, else 1
///     + (4 k + 800) I            items laid out for ranking, the neighbours of the item-kNN baseline
///     + 2 T                      the text of the identifiers, T bytes, of the log and of the training set
///     + threads × scratch        see ``ALS/peakBytes(users:items:entries:parameters:)``
///
/// The events themselves wait in a temporary file. docs/training.md sets it beside what was measured.
public struct TrainingMemory: Sendable {
    public var events: Int
    public var users: Int
    public var items: Int
    /// Of all identifiers.
    public var textBytes: Int

    init(of log: InteractionLog) {
        events = log.count
        users = log.users.count
        items = log.items.count
        textBytes = log.users.bytes.count + log.items.bytes.count
    }

    public init(events: Int, users: Int, items: Int, textBytes: Int) {
        self.events = events
        self.users = users
        self.items = items
        self.textBytes = textBytes
    }

    /// Bytes at the peak of a run with these settings.
    public func peakBytes(_ configuration: TrainingConfiguration) -> Int {
        peakBytes(configuration, rank: configuration.parameters.rank)
    }

    private func peakBytes(_ configuration: TrainingConfiguration, rank: Int) -> Int {
        var parameters = configuration.parameters
        parameters.rank = rank
        let columns = Kernels.padded(rank + (configuration.explicit == nil ? 0 : 1))
        let copies = configuration.warmStart == nil ? 1 : 2
        let scratch = ALS.peakBytes(users: 0, items: 0, entries: 0, parameters: parameters)
        return 96 << 20 + 9 * events + max(8 * events, users << 10) + (4 * columns * copies + 128) * (users + items)
            + (4 * columns + 800) * items + 2 * textBytes + scratch
    }

    /// Refuses what would end in the kernel's out-of-memory killer, before anything of that size is asked for.
    /// - Parameter limit: bytes that may be used; nil takes what the machine and its control groups leave.
    /// - Throws: ``TrainerError/tooLarge(needed:available:formula:remedy:)``.
    func check(_ configuration: TrainingConfiguration, limit: Int?) throws {
        let needed = peakBytes(configuration)
        guard let available = limit ?? AvailableMemory.bytes(), needed > available else { return }
        let fitting = stride(from: 16, to: configuration.parameters.rank, by: 16).reversed().first {
            peakBytes(configuration, rank: $0) <= available
        }
        throw TrainerError.tooLarge(
            needed: needed, available: available,
            formula: "\(events) events, \(users) users, \(items) items at rank \(configuration.parameters.rank)",
            remedy: fitting.map { "Rank \($0) would fit: use --rank \($0), or a machine with more memory." }
                ?? "No rank would fit: train on fewer events or on a machine with more memory.")
    }
}
