import Domain
import EventIngest
import Foundation
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

/// All events, what the damaged messages were among them, and the simulator afterwards.
func simulate(_ settings: SimulatorSettings, films count: Int = 200) throws -> (events: [Event], simulator: Simulator) {
    var simulator = try Simulator(catalog: films(count), settings: settings)
    var messages: [SimulatedMessage] = []
    while simulator.nextSession(into: &messages) {}
    var scribe = simulator.scribe
    return (messages.map { scribe.event(of: $0) }, simulator)
}

@Suite struct SimulatorTests {
    @Test func theSameSeedMakesTheSameEvents() throws {
        let settings = SimulatorSettings.history(weeks: 4, until: end, count: 5000, seed: 3)
        let first = try simulate(settings).events
        #expect(first == (try simulate(settings).events))
        var other = settings
        other.seed = 4
        #expect(first != (try simulate(other).events))
    }

    @Test func eventsAreValidUniqueAndSpreadOverTheSpan() throws {
        let (events, _) = try simulate(.history(weeks: 4, until: end, count: 20_000))
        #expect(events.count == 20_000)
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
        let (events, simulator) = try simulate(.history(weeks: 4, until: end, count: 20_000))
        let truth = simulator.truth
        let users = Dictionary(uniqueKeysWithValues: truth.users.map { ($0.id, $0.vector) })
        let vectors = Dictionary(uniqueKeysWithValues: truth.films.map { ($0.id, $0.vector) })
        func affinity(_ event: Event) -> Float {
            zip(users[event.userID]!, vectors[event.itemID]!).reduce(0) { $0 + $1.0 * $1.1 }
        }
        func mean(_ values: [Float]) -> Float { values.reduce(0, +) / Float(values.count) }
        let liked = mean(events.filter { $0.kind == .like && $0.value > 0 }.map(affinity))
        let disliked = mean(events.filter { $0.kind == .like && $0.value < 0 }.map(affinity))
        #expect(liked > disliked + 0.15)
        let good = mean(events.filter { $0.kind == .review && $0.value >= 4 }.map(affinity))
        let bad = mean(events.filter { $0.kind == .review && $0.value <= 2 }.map(affinity))
        #expect(good > bad + 0.2)
    }

    @Test func popularityIsSkewed() throws {
        var counts: [String: Int] = [:]
        for event in try simulate(.history(weeks: 4, until: end, count: 20_000)).events {
            counts[event.itemID, default: 0] += 1
        }
        let sorted = counts.values.sorted(by: >)
        #expect(sorted.prefix(20).reduce(0, +) > 20_000 / 4)
    }

    @Test func malformedMessagesAreRefusedByTheDecoder() throws {
        var settings = SimulatorSettings.history(weeks: 1, until: end, count: 2000)
        settings.malformed = 0.2
        let decoder = EventDecoder()
        var simulator = try Simulator(catalog: films(200), settings: settings)
        var scribe = simulator.scribe
        var messages: [SimulatedMessage] = []
        while simulator.nextSession(into: &messages) {}
        for message in messages {
            var bytes: [UInt8] = []
            scribe.append(message, to: &bytes, in: .json)
            let event = try? bytes.withUnsafeBytes { try decoder.event(from: $0, now: end) }
            // What was not damaged arrives as it was.
            #expect(event == (message.isMalformed ? nil : scribe.event(of: message)))
        }
        #expect((250...550).contains(messages.count { $0.isMalformed }))
    }

    @Test func anEmptyCatalogueIsRefused() {
        #expect(throws: IngestError.self) { try Simulator(catalog: [], settings: SimulatorSettings()) }
    }
}

/// The properties of an audience, as statistics of what it does.
@Suite struct AudienceTests {
    private static let outcome: (events: [Event], simulator: Simulator)? = {
        var settings = SimulatorSettings.history(weeks: 8, until: end, count: 60_000, seed: 11)
        settings.users = 1500
        return try? simulate(settings, films: 400)
    }()

    private func events() throws -> [Event] { try #require(Self.outcome).events }

    /// Zipf: the logarithm of the count falls with that of the rank, less steeply than what is drawn from (0.9), because
    /// taste chooses among what was drawn and few films are watched twice.
    @Test func popularityFollowsZipf() throws {
        var counts: [String: Int] = [:]
        for event in try events() where event.kind == .view { counts[event.itemID, default: 0] += 1 }
        let ranked = counts.values.sorted(by: >).prefix(200)
        let points = ranked.enumerated().map { (x: log(Double($0 + 1)), y: log(Double($1))) }
        let (meanX, meanY) = (points.map(\.x).reduce(0, +) / 200, points.map(\.y).reduce(0, +) / 200)
        let slope =
            points.map { ($0.x - meanX) * ($0.y - meanY) }.reduce(0, +)
            / points.map { ($0.x - meanX) * ($0.x - meanX) }.reduce(0, +)
        #expect((-0.9 ... -0.3).contains(slope), "the slope is \(slope)")
    }

    @Test func eveningsAndWeekendsAreBusier() throws {
        let hours = try events().map { Int($0.at.seconds / 3600 % 24) }
        let evening = hours.filter { (19...22).contains($0) }.count
        let night = hours.filter { (2...5).contains($0) }.count
        #expect(evening > night * 2)
        // 1970-01-01 was a Thursday.
        let days = try events().map { Int(($0.at.seconds / 86_400 + 4) % 7) }
        let weekend = Double(days.filter { $0 == 0 || $0 >= 5 }.count) / 3
        let week = Double(days.filter { (1...4).contains($0) }.count) / 4
        #expect((1.2...1.7).contains(weekend / week), "\(weekend / week)")
    }

    @Test func peopleWatchInSessions() throws {
        var last: [String: Timestamp] = [:]
        var near = 0
        var total = 0
        for event in try events() where event.kind == .view {
            if let before = last[event.userID] {
                total += 1
                if event.at.seconds - before.seconds < 4 * 3600 { near += 1 }
            }
            last[event.userID] = event.at
        }
        // By chance alone it would be one in ten.
        #expect(Double(near) / Double(total) > 0.3, "\(near) of \(total)")
    }

    @Test func newUsersAndFilmsArriveOnTheWay() throws {
        let events = try events()
        func late(_ id: KeyPath<Event, String>) -> Double {
            var first: [String: Int] = [:]
            for (index, event) in events.enumerated() where first[event[keyPath: id]] == nil {
                first[event[keyPath: id]] = index
            }
            return Double(first.values.filter { $0 > events.count / 2 }.count) / Double(first.count)
        }
        #expect((0.08...0.35).contains(late(\.userID)), "\(late(\.userID))")
        #expect((0.02...0.25).contains(late(\.itemID)), "\(late(\.itemID))")
    }

    @Test func opinionsGoWithTheWatchedShare() throws {
        var share: [String: Float] = [:]
        var liked: [Float] = []
        var disliked: [Float] = []
        var starsAfter: (whole: [Float], part: [Float]) = ([], [])
        for event in try events() {
            let pair = "\(event.userID) \(event.itemID)"
            switch event.kind {
            case .view: share[pair] = event.value
            case .like:
                guard let seen = share[pair] else { continue }
                // Nobody likes what they hardly saw.
                #expect(seen >= 0.5)
                if event.value > 0 { liked.append(seen) } else { disliked.append(seen) }
            case .review:
                guard let seen = share[pair] else { continue }
                if seen >= 0.9 { starsAfter.whole.append(event.value) } else { starsAfter.part.append(event.value) }
            }
        }
        func mean(_ values: [Float]) -> Float { values.reduce(0, +) / Float(max(1, values.count)) }
        #expect(mean(liked) > mean(disliked))
        #expect(mean(starsAfter.whole) > mean(starsAfter.part) + 0.1)
    }

    @Test func tastesDriftALittle() throws {
        let settings = SimulatorSettings.history(weeks: 8, until: end, count: 30_000, seed: 5)
        let before = try Simulator(catalog: films(400), settings: settings).truth
        let after = try simulate(settings, films: 400).simulator.truth
        var cosines: [Float] = []
        for (a, b) in zip(before.users, after.users) where a.vector != b.vector {
            func product(_ x: [Float], _ y: [Float]) -> Float { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
            cosines.append(
                product(a.vector, b.vector)
                    / (product(a.vector, a.vector) * product(b.vector, b.vector)).squareRoot())
        }
        #expect(cosines.count > 300)
        let mean = cosines.reduce(0, +) / Float(cosines.count)
        #expect(mean > 0.98 && mean < 0.99999, "\(mean)")
    }

    @Test func botsClickWithoutTaste() throws {
        var settings = SimulatorSettings.history(weeks: 2, until: end, count: 20_000, seed: 2)
        settings.bots = 0.05
        let machines = Double(settings.users) * settings.bots
        let bots = try simulate(settings).events.filter { (Double($0.userID.dropFirst()) ?? 0) <= machines }
        #expect(bots.count > 500)
        #expect(bots.allSatisfy { $0.kind == .view && $0.value < 0.02 })
        #expect(Set(bots.map(\.itemID)).count > 150)
    }

    @Test func reviewsAreSentencesThatFitTheStars() throws {
        let reviews = try events().filter { $0.reviewText != nil }
        #expect(Set(reviews.compactMap(\.reviewText)).count > 200)
        #expect(reviews.allSatisfy { $0.kind == .review && $0.reviewText!.hasSuffix(".") })
        let praise = reviews.filter { $0.reviewText!.contains("wonderful") }
        let scorn = reviews.filter { $0.reviewText!.contains("was not for me") }
        #expect(!praise.isEmpty && !scorn.isEmpty)
        #expect(praise.allSatisfy { $0.value >= 4 } && scorn.allSatisfy { $0.value < 2.5 })
    }
}
