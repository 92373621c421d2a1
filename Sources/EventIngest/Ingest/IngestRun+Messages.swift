import Domain
import Kafka

/// What becomes of what a poll brought.
extension IngestRun {
    func take(_ arrival: KafkaArrival) throws {
        switch arrival {
        case .messages(let messages): try take(messages)
        case .endOfPartition(let place, let offset):
            guard suspects[place] == nil, !unavailable.contains(place) else { return }
            ledger.reachedEnd(place, at: offset)
            if ledger.hasPassed, passedSince == nil { passedSince = clock.now }
        case .offsetOutOfRange(let place, _):
            if ledger[place] != nil { unavailable.insert(place) }
        case .failure(let place, let reason, let isFatal):
            if isFatal {
                throw KafkaError.failed(operation: "reading\(place.map { " \($0)" } ?? "")", reason: reason)
            }
            progress.trouble = reason
        }
    }

    private func take(_ messages: KafkaMessages) throws {
        let place = messages.place
        // A partition given back in this very poll, or messages fetched before a seek: not ours, or known.
        guard let state = ledger[place] else { return }
        // The topic was deleted: whatever comes before that was looked into is of another one.
        if progress.missingTopics.contains(place.topic) || unavailable.contains(place) || suspects[place] != nil {
            return
        }
        var first = 0
        while first < messages.count, messages.offset(at: first) < state.next { first += 1 }
        guard first < messages.count else { return }
        let new = messages.dropping(first)
        if oldestPending == nil { oldestPending = clock.now }
        let now = Timestamp.now
        // What a run before this one refused stays refused, though the clock may now say otherwise. Of what it refused in
        // part the rest may not be stored.
        let keepsParts = configuration.routes[state.route].keepsParts
        for run in keepsParts ? [new] : new.runs(without: state.deadLetters) {
            var rejections: [Rejection] = []
            try appenders[state.route].append(run, receivedAt: now, rejections: &rejections)
            for rejection in rejections {
                let message = run[rejection.position]
                if keepsParts, state.deadLetters.contains(message.offset) { continue }
                try reject(message, rejection.reason, place, now, form: configuration.routes[state.route].refusedForm)
            }
        }
        progress.messages += new.count
        progress.payloadBytes += new.payloadBytes
        progress.trouble = nil
        ledger.read(place, through: new.offset(at: new.count - 1))
    }

    private func reject(
        _ message: KafkaMessage, _ reason: String, _ place: TopicPartition, _ now: Timestamp, form: RefusedForm
    ) throws {
        let kept = (payload: form.payload(of: message.payload), key: form.key(message.key, of: message.payload))
        deadLetterBuffer.append(message, keeping: kept, topic: place.topic, reason: reason, at: now)
        ledger.hasDeadLetters(place)
        let code = String(reason.prefix { $0 != ":" })
        progress.rejected[code, default: 0] += 1
        metrics.rejected(code)
        guard let deadLetterProducer, let topic = configuration.deadLetterTopic else { return }
        let headers = [
            ("reason", Array(reason.utf8)), ("topic", Array(place.topic.utf8)),
            ("partition", Array("\(place.partition)".utf8)), ("offset", Array("\(message.offset)".utf8)),
        ]
        try kept.payload.withUnsafeBytes { payload in
            try kept.key.withUnsafeBytes { key in
                try deadLetterProducer.send(payload, key: key.isEmpty ? nil : key, topic: topic, headers: headers)
            }
        }
    }
}
