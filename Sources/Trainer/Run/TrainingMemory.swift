internal import Foundation
internal import Linalg
internal import Operations

/// What a whole training run needs of memory at its peak, known once the events are counted:
///
///     96 MiB + 2 T + (4 k s + 128) (U + I) + scratch + the largest of
///
///     fit        9¼ E + max(8 E, 1 KiB U) + (4 k + 800) I + 2 k (U + I)
///     blend      18 E + 4 k U + (8 k + 2,600) I + 2 T + max(8 E, 1 KiB U, L, 120 W C)
///     publish    9 E + 3,400 I + max(8 E, L, R)
///
/// - 96 MiB: the program, BLAS, a batch of the scan. T: the bytes of the identifiers, of the log and of the training set.
/// - E events, U users, I items, k the columns of the factors rounded up to 16, s = 2 for a warm start, else 1; scratch by
///   thread: see ``ALS/peakBytes(users:items:entries:parameters:)``.
/// - fit: interactions by user, and by item while factors are fitted; figures of each evaluated user; items laid out for
///   ranking, the neighbours of the item-kNN baseline; for cg, factors in 16 bits each.
/// - blend, where one is learned: the rows, factors and identifiers before the validation window beside those; links between
///   items; the candidates, C = min(I, 900) of W = min(2 U, 1,200) lists; L for the linear model's matrix, 4 n² bytes
///   for the n items of three events or more, at most ``ItemLinks/linearLimit``.
/// - publish: the same links of all events, and R = 128 MiB for the ridge regression from a catalogue of films.
///
/// The events themselves wait in a temporary file. docs/training.md sets it beside what was measured.
public struct TrainingMemory: Sendable {
    public var events: Int
    public var users: Int
    public var items: Int
    /// Of all identifiers.
    public var textBytes: Int

    /// Items that are in so many events that the linear model may have them.
    public var linearItems: Int

    init(of log: InteractionLog) throws {
        events = log.count
        users = log.users.count
        items = log.items.count
        textBytes = log.users.bytes.count + log.items.bytes.count
        var counts = [Int32](repeating: 0, count: items)
        try log.forEachChunk { chunk in for record in chunk { counts[Int(record.item)] &+= 1 } }
        linearItems = counts.count { $0 >= ItemLinks.fewestLinearUsers }
    }

    /// - Parameter linearItems: nil for all items.
    public init(events: Int, users: Int, items: Int, textBytes: Int, linearItems: Int? = nil) {
        self.events = events
        self.users = users
        self.items = items
        self.textBytes = textBytes
        self.linearItems = linearItems ?? items
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
        let always = 96 << 20 + 2 * textBytes + (4 * columns * copies + 128) * (users + items) + scratch
        let fitting = max(8 * events, users << 10)
        let takesGradients = parameters.solver == .cg && configuration.explicit == nil
        let gradients = takesGradients ? events / 4 + ALS.copiesBytes(rows: users + items, columns) : 0
        let fit = 9 * events + fitting + (4 * columns + 800) * items + gradients
        let learnsBlend = configuration.learnsBlend && configuration.explicit == nil
        let linear = learnsBlend ? linearBytes : 0
        let lists = min(2 * users, 3 * BlendWindow.most)
        let candidates = lists * min(items, BlendSources.mostCandidates)
        let blend =
            18 * events + 4 * columns * users + (8 * columns + 2600) * items + 2 * textBytes
            + max(fitting, linear, 120 * candidates)
        let publish =
            9 * events + (learnsBlend ? 3400 : 0) * items + max(8 * events, linear, ridgeBytes(configuration))
        return always + max(fit, learnsBlend ? blend : 0, publish)
    }

    /// Of the linear model's matrix. Where it would be too large it may still be made: of whose events none is a liking
    /// does not count then.
    private var linearBytes: Int {
        linearItems < 1 << 20 ? min(4 * linearItems * linearItems, ItemLinks.linearLimit) : ItemLinks.linearLimit
    }

    /// Two matrices of the regression's terms.
    private func ridgeBytes(_ configuration: TrainingConfiguration) -> Int {
        guard let films = configuration.content?.films.count, films >= ContentRidge.fewestFilms else { return 0 }
        return 2 * 4 * (FilmVocabulary.most + 1) * (FilmVocabulary.most + 1)
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
