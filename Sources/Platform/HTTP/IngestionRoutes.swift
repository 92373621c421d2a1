internal import Columnar
internal import Domain
internal import EventIngest
internal import Foundation
internal import HTTPServer
internal import Operations
internal import Store

/// What the store has of the stream of events, and what could not be stored, over HTTP: also where another process ingests.
struct IngestionRoutes: AnsweringRoutes {
    let store: EventStore
    /// What the broker says, for how far the store is behind it.
    let feed: @Sendable () -> FeedFreshness?
    private let letters: DeadLetterDigest
    static let log = Log("ingestion")

    init(store: EventStore, feed: @escaping @Sendable () -> FeedFreshness?) {
        self.store = store
        self.feed = feed
        letters = DeadLetterDigest(store)
    }

    var table: [Route] {
        [
            Route(
                .get, "/v1/ingestion", "How far the store is in the stream of events, and what could not be stored.",
                scope: .admin, answers: [.json(Self.schema, headers: ["Cache-Control": "no-store"])],
                problems: [Route.Problem(500, "internal-error")]
            ) { request, _ in
                answering(request) { try await BlockingWork.run("ingestion") { _ in try answer(request) } }
            }
        ]
    }

    private func answer(_ request: HTTPRequest) throws -> HTTPResponse {
        let events = try store.openIfPresent(.events)?.snapshot()
        let reasons = try letters.reasons()
        let broker = feed()
        return Self.json(request) {
            $0.name("events")
            if let events {
                $0.object {
                    $0.field("version", Int(events.version))
                    $0.field("committed_at", events.timestamp.description)
                    $0.name("rows")
                    if let rows = events.rowCount { $0.value(Int(rows)) } else { $0.null() }
                    $0.field("files", events.fileCount)
                    $0.field("bytes", Int(events.byteCount))
                }
            } else {
                $0.null()
            }
            $0.name("partitions")
            $0.array {
                for one in StoredOffsets(events?.transactions ?? [:]).all {
                    let end = broker?.cluster == one.cluster ? broker?.ends[one.place] : nil
                    $0.object {
                        $0.field("cluster", one.cluster)
                        $0.field("topic", one.place.topic)
                        $0.field("partition", Int(one.place.partition))
                        $0.field("stored", Int(one.offset))
                        $0.name("behind")
                        if let end { $0.value(Int(max(0, end - one.offset))) } else { $0.null() }
                    }
                }
            }
            $0.name("dead_letters")
            $0.array { for reason in reasons { Self.write(reason, &$0) } }
        }
    }

    private static func write(_ reason: DeadLetterDigest.Reason, _ json: inout JSONWriter) {
        json.object {
            $0.field("reason", reason.code)
            $0.field("count", reason.count)
            $0.name("examples")
            $0.array {
                for letter in reason.newest.reversed() {
                    $0.object {
                        $0.field("at", letter.at.description)
                        $0.field("topic", letter.topic)
                        $0.field("partition", Int(letter.partition))
                        $0.field("offset", Int(letter.offset))
                        $0.field("detail", letter.reason)
                        $0.field("text", String(decoding: letter.payload, as: UTF8.self))
                    }
                }
            }
        }
    }

    private static let schema = JSONSchema.named(
        "Ingestion",
        .object([
            "request_id": .text(),
            "events": JSONSchema.nullable(
                .object([
                    "version": .integer(0...Int.max), "committed_at": .time,
                    "rows": .nullable(.integer(0...Int.max)), "files": .integer(0...Int.max),
                    "bytes": .integer(0...Int.max),
                ])
            ).meaning("The table of events; null if there is none."),
            "partitions": JSONSchema.list(
                .object([
                    "cluster": .text(), "topic": .text(), "partition": .integer(0...Int(Int32.max)),
                    "stored": JSONSchema.integer(0...Int.max).meaning("The offset at which the store goes on."),
                    "behind": JSONSchema.nullable(.integer(0...Int.max))
                        .meaning("Messages that the broker has and the store has not; null where no broker says so."),
                ])
            ).meaning("Those that something was stored of."),
            "dead_letters": JSONSchema.list(
                .object([
                    "reason": .text(), "count": .integer(1...Int.max),
                    "examples": JSONSchema.list(
                        .object([
                            "at": .time, "topic": .text(), "partition": .integer(), "offset": .integer(),
                            "detail": .text(),
                            "text": JSONSchema.text().meaning("How the message begins."),
                        ])
                    ).meaning("The newest three."),
                ])
            ).meaning("Messages that could not become rows, the most frequent reason first."),
        ]))
}
