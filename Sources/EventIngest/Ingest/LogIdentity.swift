import Columnar
import Domain
import Kafka
import Store

/// Tells whether the log of a partition is still the one that the tables were filled from.
///
/// An offset alone does not say so: a topic that was deleted and made again has the same offsets, and so has a mirror. So
/// what lies just below the stored offset is read again and compared with the row, or the dead letter, that the tables have
/// of it. Where that offset has no message (a transaction's marker, or removed by compaction) those before it are asked.
///
/// It tells step by step, reading more where less says nothing: ``ranges`` is what to read next. It reads nothing by itself,
/// since logs may be waited for elsewhere.
struct LogIdentity: Sendable {
    enum Verdict: Equatable, Sendable {
        case same
        /// What lies at this offset was never stored, or something else was.
        case other(offset: Int64)
        /// There is nothing to compare.
        case unknown
    }

    /// A partition of which everything below `stored` is in the tables, and of which the broker has `available`.
    struct Claim: Sendable {
        var place: TopicPartition
        var route: Int
        var stored: Int64
        var available: Range<Int64>
    }

    /// A message of the log, and the row it becomes.
    struct Found: Sendable {
        var offset: Int64
        /// What may have been stored of it if it was refused.
        var refusedForms: [[UInt8]]
        /// The values of the route's identity; nil if it is no row.
        var identity: [Value]?
        /// Of a route whose table leaves out what it has already: the message's time.
        var time: Value?
    }

    /// What is not told yet.
    private(set) var open: [Claim]
    private(set) var verdicts: [TopicPartition: Verdict] = [:]
    private let claims: [Claim]
    private var found: [TopicPartition: Int] = [:]
    /// Of those found, the ones that had their rows by other messages: such a message says neither yes nor no.
    private var repeated: [TopicPartition: Int] = [:]
    private var step = 0

    /// How far below the stored offset messages are looked for, one after the other.
    private static let reaches: [Int64] = [1, 64, 4096]

    init(claims: [Claim]) {
        self.claims = claims
        open = claims.filter { $0.available.lowerBound < $0.stored && $0.stored <= $0.available.upperBound }
    }

    /// What has to be read next, and given to ``compare(_:without:routes:writer:)``; nothing once all is told.
    var ranges: [TopicPartition: Range<Int64>] {
        guard step < Self.reaches.count else { return [:] }
        let reach = Self.reaches[step]
        return Dictionary(
            uniqueKeysWithValues: open.map {
                ($0.place, max($0.available.lowerBound, $0.stored - reach)..<$0.stored)
            })
    }

    /// Takes in what was read of ``ranges``.
    /// - Parameter unread: what could not be read; nothing is told of these.
    /// - Precondition: no batch is in the writer's hands.
    mutating func compare(
        _ messages: [TopicPartition: [Found]], without unread: Set<TopicPartition>, routes: [TopicRoute],
        writer: SinkWriter
    ) throws {
        open = open.filter { !unread.contains($0.place) }
        let ranges = ranges
        if !ranges.isEmpty {
            let reach = Self.reaches[step]
            let stored = try StoredMessages(ranges, claims: open, routes: routes, writer: writer)
            let known = KnownRows(routes: routes, writer: writer)
            open = try open.filter { claim in
                let own = messages[claim.place] ?? []
                found[claim.place] = own.count
                let (verdict, repeats) = try compare(
                    own, of: claim, with: stored, known, route: routes[claim.route], writer: writer)
                verdicts[claim.place] = verdict
                repeated[claim.place] = repeats
                return verdict == .unknown && claim.stored - reach > claim.available.lowerBound
            }
        }
        step += 1
        guard self.ranges.isEmpty else { return }
        // Messages that no table knows anything of: of another log, unless rows were erased.
        for claim in claims where verdicts[claim.place] == .unknown && !unread.contains(claim.place) {
            guard let count = found[claim.place], count > 0 else { continue }
            if repeated[claim.place] == count {
                // Nothing of it is missing, whichever log it is.
                verdicts[claim.place] = .same
            } else if try !writer.mayLackRows(of: claim.route) {
                verdicts[claim.place] = .other(offset: claim.stored - 1)
            }
        }
    }

    /// What some messages say of their log, and how many of them had their rows by others.
    private func compare(
        _ messages: [Found], of claim: Claim, with stored: StoredMessages, _ known: KnownRows, route: TopicRoute,
        writer: SinkWriter
    ) throws -> (Verdict, repeats: Int) {
        var repeats = 0
        for message in messages.reversed() {
            let dead = stored.deadLetters(at: claim.place, message.offset)
            if dead.contains(where: message.refusedForms.contains) { return (.same, repeats) }
            guard route.hasPlaces else {
                // Rows that do not say where they came from: one that says the same must be there.
                guard let identity = message.identity else { continue }
                if stored.has(identity, of: claim.route) { return (.same, repeats) }
                if try writer.mayLackRows(of: claim.route) { continue }
                return (.other(offset: message.offset), repeats)
            }
            let rows = stored.rows(at: claim.place, message.offset)
            if let identity = message.identity {
                if rows.contains(identity) { return (.same, repeats) }
                // What came before, by another message, has its row there. So has what another cluster gave at this place.
                if try known.has(identity, at: message.time, of: claim.route) {
                    repeats += 1
                } else if !rows.isEmpty || !dead.isEmpty {
                    return (.other(offset: message.offset), repeats)
                }
            } else if rows.isEmpty, !dead.isEmpty {
                return (.other(offset: message.offset), repeats)
            }
        }
        return (.unknown, repeats)
    }
}

/// All rows of tables that leave out what they have already, read when first asked for: such tables are small.
private final class KnownRows {
    private let routes: [TopicRoute]
    private let writer: SinkWriter
    /// By route, of each identity the newest time.
    private var times: [Int: [[Value]: Timestamp]] = [:]

    init(routes: [TopicRoute], writer: SinkWriter) {
        self.routes = routes
        self.writer = writer
    }

    /// Whether the table has such a row of this time or later. False for tables that take every message.
    func has(_ identity: [Value], at time: Value?, of route: Int) throws -> Bool {
        guard let column = routes[route].repeatsBy, case .timestamp(let time)? = time else { return false }
        if times[route] == nil { times[route] = try read(route, column) }
        return times[route]?[identity].map { $0 >= time } ?? false
    }

    private func read(_ index: Int, _ column: String) throws -> [[Value]: Timestamp] {
        let identity = routes[index].identity
        var newest: [[Value]: Timestamp] = [:]
        for batch in try writer.rows(identity + [column], ofRoute: index, in: nil) {
            for row in 0..<batch.rowCount {
                guard case .timestamp(let time)? = try values(of: [column], in: batch, at: row).first else { continue }
                let key = try values(of: identity, in: batch, at: row)
                newest[key] = max(newest[key] ?? time, time)
            }
        }
        return newest
    }
}

/// Collects messages of the logs, with the rows they become.
struct FoundMessages {
    private let routes: [TopicRoute]
    private let routeOf: [TopicPartition: Int]
    private var appenders: [Int: any RowAppender] = [:]
    private(set) var messages: [TopicPartition: [LogIdentity.Found]] = [:]

    init(routes: [TopicRoute], claims: [LogIdentity.Claim]) {
        self.routes = routes
        routeOf = Dictionary(uniqueKeysWithValues: claims.map { ($0.place, $0.route) })
    }

    mutating func add(_ messages: KafkaMessages) throws {
        guard let index = routeOf[messages.place] else { return }
        let route = routes[index]
        let appender = appenders[index] ?? route.makeComparer()
        appenders[index] = appender
        for position in 0..<messages.count {
            var rejections: [Rejection] = []
            try appender.append(messages.slice(position..<position + 1), receivedAt: .now, rejections: &rejections)
            let batch = try appender.take().first
            let identity = try batch.map { try values(of: route.identity, in: $0, at: 0) }
            let time = try route.repeatsBy.flatMap { column in
                try batch.flatMap { try values(of: [column], in: $0, at: 0).first }
            }
            let payload = Array(messages.payload(at: position))
            // A tombstone of a table of films is no row and no dead letter.
            if identity == nil, rejections.isEmpty { continue }
            self.messages[messages.place, default: []].append(
                LogIdentity.Found(
                    offset: messages.offset(at: position), refusedForms: route.refusedForm.stored(of: payload),
                    identity: identity, time: time))
        }
    }
}

/// What the tables have of some messages.
private struct StoredMessages {
    private struct Place: Hashable {
        var place: TopicPartition
        var offset: Int64
    }
    private var rowsAt: [Place: [[Value]]] = [:]
    private var dead: [Place: [[UInt8]]] = [:]
    private var identities: [Int: Set<[Value]>] = [:]

    init(
        _ ranges: [TopicPartition: Range<Int64>], claims: [LogIdentity.Claim], routes: [TopicRoute], writer: SinkWriter
    ) throws {
        for (index, route) in routes.enumerated() where !route.identity.isEmpty {
            let own = Set(claims.filter { $0.route == index }.map(\.place))
            guard !own.isEmpty else { continue }
            guard route.hasPlaces else {
                // Such tables are small: films.
                identities[index] = []
                for batch in try writer.rows(route.identity, ofRoute: index, in: nil) {
                    for row in 0..<batch.rowCount {
                        identities[index]?.insert(try values(of: route.identity, in: batch, at: row))
                    }
                }
                continue
            }
            let wanted = ranges.filter { own.contains($0.key) }
            try Self.forEachPlace(writer.rows(route.identity, ofRoute: index, in: wanted)) { place, batch, row in
                rowsAt[place, default: []].append(try values(of: route.identity, in: batch, at: row))
            }
        }
        let payload = DeadLetterColumn.payload
        try Self.forEachPlace(writer.rows([payload], ofRoute: nil, in: ranges)) { place, batch, row in
            if case .binary(let bytes)? = try values(of: [payload], in: batch, at: row).first {
                dead[place, default: []].append(bytes)
            } else {
                dead[place, default: []].append([])
            }
        }
    }

    func rows(at place: TopicPartition, _ offset: Int64) -> [[Value]] {
        rowsAt[Place(place: place, offset: offset)] ?? []
    }
    func deadLetters(at place: TopicPartition, _ offset: Int64) -> [[UInt8]] {
        dead[Place(place: place, offset: offset)] ?? []
    }
    func has(_ identity: [Value], of route: Int) -> Bool { identities[route]?.contains(identity) ?? false }

    private static func forEachPlace(
        _ batches: [RecordBatch], _ body: (Place, RecordBatch, Int) throws -> Void
    ) throws {
        for batch in batches {
            for row in 0..<batch.rowCount {
                let found = try values(of: TopicRoute.placeColumns, in: batch, at: row)
                guard case .string(let topic) = found[0], case .int(let partition) = found[1],
                    case .int(let offset) = found[2]
                else { continue }
                try body(Place(place: TopicPartition(topic, Int32(partition)), offset: offset), batch, row)
            }
        }
    }
}

private func values(of columns: [String], in batch: RecordBatch, at row: Int) throws -> [Value] {
    try columns.map { name in
        guard let field = batch.schema[name] else { return .null }
        return try batch.column(named: name).value(at: row, type: field.type)
    }
}
