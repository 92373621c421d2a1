import Domain
import Foundation
import Kafka

/// Whether the logs are still those that the tables were filled from, and still give what they have.
extension IngestRun {
    func isOther(_ verdict: LogIdentity.Verdict?) -> Bool {
        if case .other = verdict { true } else { false }
    }

    /// Compares the ends of what is stored with the logs, and waits for them.
    /// - Parameters:
    ///   - known: the offsets of each route's table.
    ///   - patience: seconds for each step of it.
    func verdicts(
        on places: [TopicPartition], _ ends: [Range<Int64>], known: [[String: Int64]], patience: Double
    ) throws -> [TopicPartition: LogIdentity.Verdict] {
        let claims = zip(places, ends).compactMap { place, available -> LogIdentity.Claim? in
            guard let route = routeOfTopic[place.topic], let stored = known[route][appID(of: place)], stored > 0,
                writer.isReadable(route), foundOther[place] == nil
            else { return nil }
            let limit = suspects[place] == nil ? nil : trusted.offsets[place]
            return LogIdentity.Claim(
                place: place, route: route, stored: min(stored, limit ?? stored), available: available)
        }
        var identity = LogIdentity(claims: claims)
        while case let ranges = identity.ranges, !ranges.isEmpty {
            var found = FoundMessages(routes: configuration.routes, claims: identity.open)
            let reader = try RangeReader.consumer(
                properties: configuration.kafka, group: configuration.group, observer: hooks.kafka)
            defer { reader.close() }
            if let left = try RangeReader.read(ranges, with: reader, timeout: patience, { try found.add($0) }) {
                let place = left.places.min().map { "\($0)" } ?? ""
                throw KafkaError.brokerUnreachable(
                    servers: configuration.kafka.bootstrapServers,
                    detail: "the end of what was stored could not be read again from \(place) (\(left.trouble))")
            }
            try identity.compare(found.messages, without: [], routes: configuration.routes, writer: writer)
        }
        return identity.verdicts
    }

    /// Takes partitions over while others go on: one that does not answer in a few seconds is begun with when it does.
    func takeOver(_ places: [TopicPartition]) throws {
        do {
            try begin(with: places, patience: Self.runningPatience)
        } catch let error as KafkaError where error.category == .unavailable {
            progress.trouble = error.message
            let known = try writer.offsets()
            for place in places {
                guard let route = routeOfTopic[place.topic] else { continue }
                let appID = appID(of: place)
                let stored = known.routes[route][appID]
                ledger.take(
                    place,
                    PartitionLedger.State(
                        route: route, appID: appID, next: stored ?? 0, stored: stored,
                        deadStored: known.deadLetters[appID], target: .max, end: stored ?? 0))
                suspects[place] = clock.now
                unbegun.insert(place)
            }
            watch.watch(ledger.places)
        }
    }

    /// Seconds for questions while other partitions wait to be read.
    static let runningPatience = 5.0

    /// Partitions that a routine look compares at most: what it reads must not be felt.
    private static let lookedOverTogether = 16

    /// Looks at the partitions whose log ended before our offset, or may be another one; they rest meanwhile.
    func lookAgain() throws {
        try rest(watch.takeSuspects())
        let missing = watch.view.missingTopics
        if !missing.isEmpty {
            // What comes of such a topic is of another log: see `take`.
            unavailable.formUnion(ledger.places.filter { missing.contains($0.topic) })
            progress.missingTopics = missing
        }
        // What was read before the broker said that it has not what follows was read of the log that it had.
        let cut = unavailable.filter { suspects[$0] == nil && ledger[$0] != nil && !missing.contains($0.topic) }
        if !cut.isEmpty {
            try commitAll()
            for place in cut { suspects[place] = clock.now }
        }
        suspects = suspects.filter { ledger[$0.key] != nil && !missing.contains($0.key.topic) }
        unbegun = unbegun.filter { suspects[$0] != nil }
        try concludeInspection()
        try inspect()
    }

    /// Partitions rest that may be of another log: nothing more is taken of them, and what was read is forgotten.
    private func rest(_ places: Set<TopicPartition>) throws {
        let places = places.filter { ledger[$0] != nil }
        guard !places.isEmpty else { return }
        try settle()
        for place in places { suspects[place] = clock.now }
        guard places.contains(where: { ledger[$0]?.moved == true || ledger[$0]?.passed == true }) else { return }
        // Rows of all partitions lie together: those of the others are read again too.
        appenders = configuration.routes.map { $0.makeAppender() }
        deadLetterBuffer = DeadLetterBuffer()
        oldestPending = nil
        passedSince = nil
        let rewound = Set(ledger.rewind())
        try beginRows(of: ledger.places)
        let next = ledger.nextOffsets
        try consumer.restart(next.filter { rewound.contains($0.key) }, among: next)
    }

    private func inspect() throws {
        if inspection?.isRoutine == true, !suspects.isEmpty {
            inspection?.giveUp()
            inspection = nil
        }
        // Nobody answers; or it was tried a moment ago.
        guard inspection == nil, watch.view.outage == nil, clock.now - inspected >= .milliseconds(500) else { return }
        let isRoutine = suspects.isEmpty
        var questions: [LogInspection.Question] = []
        if isRoutine {
            guard (clock.now - lookedOver).inSeconds >= configuration.inspectionInterval else { return }
            lookedOver = clock.now
            anchors.add(trusted.offsets)
            for (place, anchor) in anchors.next(Self.lookedOverTogether) {
                guard let route = ledger[place]?.route, writer.isReadable(route), !unavailable.contains(place)
                else { continue }
                questions.append(
                    .init(place: place, route: route, stored: anchor, confirms: trusted.offsets[place] ?? anchor))
            }
        } else {
            for place in suspects.keys {
                guard let state = ledger[place] else { continue }
                let stored =
                    writer.isReadable(state.route) ? state.stored.map { min($0, trusted.offsets[place] ?? $0) } : nil
                questions.append(.init(place: place, route: state.route, stored: stored))
            }
        }
        guard !questions.isEmpty else { return }
        inspection = LogInspection(
            questions, isRoutine: isRoutine, configuration: configuration, observer: hooks.kafka)
    }

    private func concludeInspection() throws {
        guard let inspection, let result = inspection.result else { return }
        try settle()
        guard inspection === self.inspection else { return }
        var survey: LogInspection.Survey
        do {
            survey = try result.get()
        } catch let error as KafkaError where error.category == .unavailable {
            survey = LogInspection.Survey()
            survey.unread = Set(inspection.questions.map(\.place))
            survey.trouble = error.message
        }
        try survey.identity.compare(
            survey.messages, without: survey.unread, routes: configuration.routes, writer: writer)
        if !survey.identity.ranges.isEmpty { return inspection.readOn(survey) }
        self.inspection = nil
        inspected = clock.now
        if inspection.isRoutine { return try conclude(routine: inspection, survey) }
        if let trouble = survey.trouble { progress.trouble = trouble }
        try conclude(inspection, survey)
    }

    private func conclude(routine inspection: LogInspection, _ survey: LogInspection.Survey) throws {
        for question in inspection.questions where !survey.unread.contains(question.place) {
            guard ledger[question.place] != nil, let anchor = question.stored else { continue }
            if isOther(survey.identity.verdicts[question.place]) {
                // What was stored since then may be of the other log.
                trusted.lower(question.place, to: anchor)
                try rest([question.place])
            } else {
                anchors.confirmed(question.place, question.confirms)
            }
        }
    }

    private func conclude(_ inspection: LogInspection, _ survey: LogInspection.Survey) throws {
        for (topic, count) in survey.partitionCounts where count > 0 {
            try lookForLostPartitions(of: topic, now: count)
        }
        var answered: Set<TopicPartition> = []
        var lost: [TopicPartition] = []
        for place in inspection.questions.map(\.place) {
            // Something was strange again since then, or it is somebody else's.
            guard let since = suspects[place], since <= inspection.start, let state = ledger[place] else { continue }
            if survey.partitionCounts[place.topic] == 0 {
                // It is looked at when it is back, see ``ClusterWatch/takeSuspects()``.
                if !unbegun.contains(place) { suspects[place] = nil }
                continue
            }
            guard let available = survey.available[place], !survey.unread.contains(place) else { continue }
            answered.insert(place)
            let verdict = survey.identity.verdicts[place]
            if case .other(let offset) = verdict { foundOther[place] = offset }
            if isOther(verdict) || unbegun.contains(place) || state.next < available.lowerBound
                || state.next > available.upperBound
            {
                lost.append(place)
            }
        }
        if !lost.isEmpty {
            do {
                try begin(with: lost, patience: Self.runningPatience)
            } catch let error as KafkaError where error.category == .unavailable {
                progress.trouble = error.message
                answered.subtract(lost)
            }
        }
        for place in answered { suspects[place] = nil }
        unavailable.subtract(answered)
        let next = ledger.nextOffsets
        try consumer.restart(next.filter { answered.contains($0.key) }, among: next)
    }

    /// Partitions that the table has offsets of and the topic, which has `count` now, has not.
    /// - Throws: ``IngestError/partitionsLost(topic:stored:available:)`` unless the policy is to continue.
    func lookForLostPartitions(of topic: String, now count: Int) throws {
        guard let route = routeOfTopic[topic] else { return }
        let start = appID(of: TopicPartition(topic, 0)).dropLast()
        let lost = try writer.offsets().routes[route].compactMap { appID, stored -> (Int32, Int64)? in
            guard stored > 0, appID.hasPrefix(start), let partition = Int32(appID.dropFirst(start.count)),
                partition >= count
            else { return nil }
            return (partition, stored)
        }.sorted { $0.0 < $1.0 }
        guard let last = lost.last else { return }
        let loss = IngestError.partitionsLost(topic: topic, stored: Int(last.0) + 1, available: count)
        guard configuration.onDataLoss == .continue else { throw loss }
        progress.skipped.append(loss.message)
        ledger.release(lost.map { TopicPartition(topic, $0.0) })
        // So that it is said once: of these partitions nothing is stored any more.
        let steps = lost.map { partition, stored in
            let place = TopicPartition(topic, partition)
            return (place: place, advance: OffsetAdvance(appID: appID(of: place), from: stored, to: 0))
        }
        writer.begin(SealedBatch(parts: [.init(route: route, batches: [], steps: steps)]))
        try settle()
    }

    /// Partitions that the broker has messages of and that give none.
    /// - Throws: ``IngestError/partitionStalled(topic:partition:next:end:seconds:)``,
    ///   ``KafkaError/topicMissing(topic:)`` where the end of a topic is waited for that is gone.
    func lookForStalls(after seconds: Double) throws {
        let view = watch.view
        guard view.outage == nil else { return }
        if configuration.untilEnd, let topic = view.missingTopics.min() { throw KafkaError.topicMissing(topic: topic) }
        var behind: [TopicPartition: Int64] = [:]
        for (place, state) in ledger.states {
            // One that nobody can read again counts too: it gives nothing either.
            if let end = view.ends[place], end > state.next { behind[place] = state.next }
        }
        for finding in stalls.look(at: behind, after: seconds, limit: configuration.stallLimit) {
            switch finding {
            case .beginAnew(let place):
                guard let next = behind[place], suspects[place] == nil else { continue }
                progress.trouble = "\(place) has messages and gives none; its fetching is begun anew"
                try consumer.restart([place: next], among: ledger.nextOffsets)
            case .stalled(let place):
                throw IngestError.partitionStalled(
                    topic: place.topic, partition: place.partition, next: behind[place] ?? 0,
                    end: view.ends[place] ?? 0, seconds: configuration.stallLimit)
            }
        }
        progress.stalledPartitions = stalls.count
    }

    /// What open transactions hold back while running: nothing can be read beyond where we are, for a while, and there is
    /// more.
    func noteHeldBack(_ view: ClusterWatch.View) {
        guard !configuration.untilEnd else { return }
        var waiting: [TopicPartition: Range<Int64>] = [:]
        for (place, state) in ledger.states where view.ends[place] == state.next {
            if let end = consumer.fetchedEnd(of: place), end > state.next { waiting[place] = state.next..<end }
        }
        progress.heldBack = heldBack.look(at: waiting, now: clock.now, after: configuration.heldBackLimit)
    }

    /// What open transactions hold back at the end of a run: the broker has more than may be read.
    func noteHeldBack() {
        // What there is at all first, or messages that come meanwhile would look like held back. A fetch that was answered
        // tells; where nothing was fetched, because nothing was to be read from the start, somebody was asked then.
        var ends = uncommitted.reduce(into: [:]) { $0.merge($1.ends()) { max($0, $1) } }
        for place in ledger.places {
            if let end = consumer.fetchedEnd(of: place) { ends[place] = max(end, ends[place] ?? 0) }
        }
        let beyond = ledger.states.filter { place, state in (ends[place] ?? 0) > state.next }
        guard !beyond.isEmpty else { return }
        let readable = consumer.knownWatermarks(of: Array(beyond.keys), timeout: 5)
        for (place, readable) in readable {
            guard let end = ends[place], end > readable.upperBound else { continue }
            progress.heldBack[place] = readable.upperBound..<end
        }
    }
}
