import Domain
import EventIngest
import Testing

private let end = Timestamp("2026-11-20T00:00:00Z")!

func films(_ count: Int) -> [Movie] {
    let genres = ["Drama", "Comedy", "Crime", "Horror", "Animation", "Western"]
    return (0..<count).map { i in
        Movie(
            itemID: "m\(i)", title: "Film \(i)", year: Int32(1950 + i % 75),
            genres: [genres[i % 6], genres[(i / 6 + i) % 6]], runtime: 100, director: "D. Irector")
    }
}

func simulate(_ settings: SimulatorSettings, films count: Int = 200) throws -> (messages: [SimulatedMessage], Simulator)
{
    var simulator = try Simulator(catalog: films(count), settings: settings)
    var messages: [SimulatedMessage] = []
    while !simulator.isFinished { simulator.nextSession(into: &messages) }
    return (messages, simulator)
}

@Suite struct SimulatorTests {
    @Test func theSameSeedMakesTheSameEvents() throws {
        let settings = SimulatorSettings.history(weeks: 4, until: end, count: 5000, seed: 3)
        let first = try simulate(settings).messages.map(\.event)
        #expect(first == (try simulate(settings).messages.map(\.event)))
        var other = settings
        other.seed = 4
        #expect(first != (try simulate(other).messages.map(\.event)))
    }

    @Test func eventsAreValidUniqueAndSpreadOverTheSpan() throws {
        let (messages, _) = try simulate(.history(weeks: 4, until: end, count: 20_000))
        #expect(messages.count == 20_000)
        let events = messages.map(\.event)
        #expect(Set(events.map(\.eventID)).count == 20_000)
        #expect(events.allSatisfy { $0.kind.accepts($0.value) })
        let start = end.advanced(bySeconds: -28 * 86_400)
        #expect(events.allSatisfy { $0.at >= start && $0.at <= end })
        // A split by time makes sense: the last tenth of the events lies in about the last tenth of the span.
        let late = events.filter { $0.at > end.advanced(bySeconds: -2.8 * 86_400) }.count
        #expect((1200...2800).contains(late))
        #expect(Set(events.map(\.kind)).count == 3)
        #expect(events.contains { $0.reviewText != nil })
    }

    @Test func usersPreferWhatTheirVectorsSay() throws {
        let (messages, simulator) = try simulate(.history(weeks: 4, until: end, count: 20_000))
        let truth = simulator.truth
        let users = Dictionary(uniqueKeysWithValues: truth.users.map { ($0.id, $0.vector) })
        let vectors = Dictionary(uniqueKeysWithValues: truth.films.map { ($0.id, $0.vector) })
        func affinity(_ event: Event) -> Float {
            zip(users[event.userID]!, vectors[event.itemID]!).reduce(0) { $0 + $1.0 * $1.1 }
        }
        func mean(_ values: [Float]) -> Float { values.reduce(0, +) / Float(values.count) }
        let events = messages.map(\.event)
        let liked = mean(events.filter { $0.kind == .like && $0.value > 0 }.map(affinity))
        let disliked = mean(events.filter { $0.kind == .like && $0.value < 0 }.map(affinity))
        #expect(liked > disliked + 0.15)
        let good = mean(events.filter { $0.kind == .review && $0.value >= 4 }.map(affinity))
        let bad = mean(events.filter { $0.kind == .review && $0.value <= 2 }.map(affinity))
        #expect(good > bad + 0.2)
    }

    @Test func popularityIsSkewed() throws {
        let (messages, _) = try simulate(.history(weeks: 4, until: end, count: 20_000))
        var counts: [String: Int] = [:]
        for message in messages { counts[message.event.itemID, default: 0] += 1 }
        let sorted = counts.values.sorted(by: >)
        #expect(sorted.prefix(20).reduce(0, +) > 20_000 / 4)
    }

    @Test func malformedMessagesAreRefusedByTheDecoder() throws {
        var settings = SimulatorSettings.history(weeks: 1, until: end, count: 2000)
        settings.malformed = 0.2
        let decoder = EventDecoder()
        var malformed = 0
        for message in try simulate(settings).messages {
            guard case .malformed = message else { continue }
            var bytes: [UInt8] = []
            message.append(to: &bytes, in: .json)
            malformed += 1
            #expect(throws: RejectReason.self) {
                try bytes.withUnsafeBytes { try decoder.event(from: $0, now: end) }
            }
        }
        #expect((250...550).contains(malformed))
    }

    @Test func anEmptyCatalogueIsRefused() {
        #expect(throws: IngestError.self) { try Simulator(catalog: [], settings: SimulatorSettings()) }
    }
}
