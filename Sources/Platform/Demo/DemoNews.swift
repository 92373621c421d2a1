public import EventIngest
public import Trainer

/// What the demo has to tell while it goes on, in this order; parts that an earlier run has done are left out.
public enum DemoNews: Sendable {
    /// The embedded broker runs.
    case broker(bootstrapServers: String)
    /// The films were sent to their topic.
    case catalogueSent(films: Int)
    /// The audience sends its history: so many events so far, so many rows are stored.
    case simulating(sent: Int, of: Int, stored: Int)
    /// The audience has sent its history.
    case simulated(SimulatorRun.Progress, users: Int)
    /// The ratings are being sent: so many bytes of the files are read.
    case importing(bytes: Int, of: Int?)
    /// The ratings were sent.
    case imported(ratings: Int, rejectedLines: Int, took: Duration)
    /// So many messages of so many are in the tables.
    case storing(Int, of: Int)
    /// All of them are.
    case stored(IngestProgress)
    /// An earlier run has left enough in the store.
    case storeIsThere(events: Int, films: Int, folder: String)
    /// An earlier run has left a model, and there is nothing new to learn.
    case modelIsThere(Manifest, folder: String)
    /// An earlier run has left a model, but the store has grown by a twentieth or more since.
    case modelIsOld(Manifest, events: Int)
    /// The training goes on.
    case training(TrainingProgress)
    /// It serves, for example this user and this item.
    case serving(address: String, user: String, item: String, eventsPerSecond: Double)
}
