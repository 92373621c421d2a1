/// What a run tells while it works.
public enum TrainingProgress: Sendable {
    /// The events are read.
    case loaded(events: Int, users: Int, items: Int)
    /// Where the events were read from, if less than all was asked for.
    case read(EventReading)
    /// Rows of the table that are no events and are left out.
    case leftOut(BadRows)
    /// A fit begins.
    case fitting(Fit, users: Int, items: Int, interactions: Int)
    case epoch(Fit, ALS.EpochReport, of: Int)
    /// Another engine is at its fit, and says in words what is new, if anything is.
    case engine(Fit, String?)
    /// One ranker of the evaluation is measured: its NDCG at the first cut-off.
    case measured(name: String, cutoff: Int, ndcg: Double)
    /// There is nothing to evaluate on; the reason.
    case notEvaluated(String)
    /// One measurement of a search for settings.
    case tried(SearchSummary.Trial)
    case searched(SearchSummary)
    /// There was no search; the reason.
    case notSearched(String)
    /// The window of the evaluation showed too little, for the reason given, so that another one is tried.
    case widened(Split, to: Split, String)
    /// Whether the newest events are like those before them.
    case drift(DriftReport)
    case evaluated(EvaluationReport)
    case published(Manifest)
    /// A model of this recipe and version of the data is there already; none is made.
    case alreadyPublished(Manifest)

    /// The best epoch of the validation window is found, and how good it is.
    case stopped(Manifest.EarlyStopping)

    /// Which of the fits of a run.
    public enum Fit: String, Sendable {
        /// On what comes before the validation window, to find the number of epochs.
        case validation
        /// On the training part of the split, to be measured.
        case evaluation
        /// The settings of the model in service on the same part, to compare with.
        case incumbent
        /// On all events, to be published.
        case published
    }
}

extension InteractionLog {
    /// Tells what was read, and what was left out.
    func report(_ onProgress: (TrainingProgress) throws -> Void) throws {
        try onProgress(.loaded(events: count, users: users.count, items: items.count))
        if let reading { try onProgress(.read(reading)) }
        if badRows.count > 0 { try onProgress(.leftOut(badRows)) }
    }
}
