public import Domain

/// What a simulated audience is like. The same settings and catalogue give the same events, byte for byte.
public struct SimulatorSettings: Sendable {
    /// When the simulated events happen.
    public enum Timeline: Sendable, Equatable {
        /// Spread over this span, evenings and weekends busier, in nearly ascending order.
        case span(from: Timestamp, to: Timestamp)
        /// At the time they are made.
        case live
    }

    public var seed: UInt64 = 1
    public var users = 2_000
    /// How many events the span is divided into; also where ``Simulator`` ends. Nil goes on for ever.
    public var count: Int? = nil
    public var timeline = Timeline.live
    /// Share of the users who join during the span, and of the films that come out during it.
    public var newUsers = 0.3
    public var newFilms = 0.1
    /// How far a taste wanders with each session, relative to its length.
    public var drift = 0.01
    /// Share of users who are machines: they click through the catalogue without taste.
    public var bots = 0.0
    /// Share of messages that are not events at all.
    public var malformed = 0.0
    /// Zipf's exponent of film popularity.
    public var popularityExponent = 0.9
    /// How strongly taste decides among the films a user considers; 0 is by popularity alone.
    public var tasteStrength = 5.0

    public init() {}

    /// The weeks that end now: a history to train on.
    public static func history(weeks: Double, until end: Timestamp, count: Int, seed: UInt64 = 1) -> SimulatorSettings {
        var settings = SimulatorSettings()
        settings.seed = seed
        settings.count = count
        settings.timeline = .span(from: end.advanced(bySeconds: -weeks * 7 * 86_400), to: end)
        // About 60 events a user, as MovieLens has it in the middle.
        settings.users = min(max(count / 60, 50), 200_000)
        return settings
    }
}

/// The hidden truth behind simulated events, for measuring how much of it a model recovers.
///
/// A user's affinity to a film is the inner product of their vectors; both have ``dimensions`` components.
public struct PlantedTruth: Sendable {
    public static let dimensions = 12
    public var users: [(id: String, vector: [Float])]
    public var films: [(id: String, vector: [Float], popularity: Float)]

    /// One JSON object a line: `{"user":…,"vector":[…]}` and `{"item":…,"popularity":…,"vector":[…]}`.
    public func jsonLines() -> String {
        var text = ""
        func list(_ vector: [Float]) -> String { "[" + vector.map { "\($0)" }.joined(separator: ",") + "]" }
        for user in users { text += "{\"user\":\"\(user.id)\",\"vector\":\(list(user.vector))}\n" }
        for film in films {
            text += "{\"item\":\"\(film.id)\",\"popularity\":\(film.popularity),\"vector\":\(list(film.vector))}\n"
        }
        return text
    }
}
