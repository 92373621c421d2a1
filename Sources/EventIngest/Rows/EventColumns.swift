package import Columnar
package import Domain
import Store

/// Rows of the `events` table column by column.
///
/// What all rows of a run of messages have in common (topic, partition, time of arrival) is added once, at the end of
/// the run: five of fifteen columns cost next to nothing.
///
/// The words of a review are kept only where that is asked for. Their language and length always are.
package struct EventColumns {
    private let keepsText: Bool
    private var eventID = BytesColumn()
    private var userID = BytesColumn()
    private var itemID = BytesColumn()
    private var kind = BytesColumn()
    private var value = PrimitiveColumn<Float>()
    private var reviewText = BytesColumn()
    private var at = PrimitiveColumn<Int64>()
    private var source = BytesColumn()
    private var topic = BytesColumn()
    private var partition = PrimitiveColumn<Int32>()
    private var offset = PrimitiveColumn<Int64>()
    private var ingestedAt = PrimitiveColumn<Int64>()
    private var eventDate = PrimitiveColumn<Int32>()
    private var reviewLanguage = BytesColumn()
    private var reviewLength = PrimitiveColumn<Int32>()

    private static let kindNames = BytesColumn(EventKind.allCases.map(\.name))
    /// Of messages that name none.
    private static var defaultSource: UnsafeBufferPointer<UInt8> {
        let name: StaticString = "kafka"
        return UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    }

    /// No rows.
    /// - Parameter keepsText: whether the words of reviews are kept.
    package init(keepingText keepsText: Bool = false) { self.keepsText = keepsText }

    /// Makes room for `rows` rows like those that are here: growing would copy each column a few times over, into new
    /// pages each time. Room that is not used costs addresses, not memory.
    mutating func reserveCapacity(_ rows: Int) {
        let count = max(1, count)
        func reserve(_ column: inout BytesColumn) {
            // A tenth more than on average, and no more than the rows of a commit may take.
            let bytes = column.bytes.count / 10 * 11 * rows / count
            column.reserveCapacity(rows: rows, bytes: min(bytes, CommitPolicy().bytes))
            column.validity?.reserveCapacity(rows)
        }
        reserve(&eventID)
        reserve(&userID)
        reserve(&itemID)
        reserve(&kind)
        value.reserveCapacity(rows)
        reserve(&reviewText)
        at.reserveCapacity(rows)
        reserve(&source)
        reserve(&topic)
        partition.reserveCapacity(rows)
        offset.reserveCapacity(rows)
        ingestedAt.reserveCapacity(rows)
        eventDate.reserveCapacity(rows)
        reserve(&reviewLanguage)
        reviewLength.reserveCapacity(rows)
        reviewLength.validity?.reserveCapacity(rows)
    }

    /// How many rows there are places for.
    var capacity: Int { offset.values.capacity }

    /// The columns of a batch of ``batch()``, to be emptied and filled again.
    init?(of batch: RecordBatch, keepingText keepsText: Bool = false) {
        guard batch.schema == TableContract.events.schema, batch.columns.count == 15,
            case (.string(let eventID), .string(let userID), .string(let itemID), .string(let kind)) =
                (batch.columns[0], batch.columns[1], batch.columns[2], batch.columns[3]),
            case (.float(let value), .string(let reviewText), .timestamp(let at), .string(let source)) =
                (batch.columns[4], batch.columns[5], batch.columns[6], batch.columns[7]),
            case (.string(let topic), .int32(let partition), .int64(let offset), .timestamp(let ingestedAt)) =
                (batch.columns[8], batch.columns[9], batch.columns[10], batch.columns[11]),
            case (.date(let eventDate), .string(let reviewLanguage), .int32(let reviewLength)) =
                (batch.columns[12], batch.columns[13], batch.columns[14])
        else { return nil }
        self.keepsText = keepsText
        self.eventID = eventID
        self.userID = userID
        self.itemID = itemID
        self.kind = kind
        self.value = value
        self.reviewText = reviewText
        self.at = at
        self.source = source
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.ingestedAt = ingestedAt
        self.eventDate = eventDate
        self.reviewLanguage = reviewLanguage
        self.reviewLength = reviewLength
    }

    /// Forgets the rows and keeps their memory, unless somebody else still looks at it.
    mutating func removeAll() {
        eventID.removeAll()
        userID.removeAll()
        itemID.removeAll()
        kind.removeAll()
        value.removeAll()
        reviewText.removeAll()
        at.removeAll()
        source.removeAll()
        topic.removeAll()
        partition.removeAll()
        offset.removeAll()
        ingestedAt.removeAll()
        eventDate.removeAll()
        reviewLanguage.removeAll()
        reviewLength.removeAll()
    }

    /// Rows, those of a run that has not ended included.
    package var count: Int { value.count }

    var byteCount: Int {
        eventID.bytes.count + userID.bytes.count + itemID.bytes.count + reviewText.bytes.count + source.bytes.count
            + topic.bytes.count + reviewLanguage.bytes.count + count * 80
    }

    /// Rows of the run; ``endRun(topic:partition:ingestedAt:)`` completes them. Column by column: a row at a time, each of
    /// them asks fifteen arrays whether they have room.
    package mutating func append(_ rows: [EventRow]) {
        rows.withUnsafeBufferPointer { rows in
            eventID.append(rows) { $0.eventID }
            userID.append(rows) { $0.userID }
            itemID.append(rows) { $0.itemID }
            let kinds = Self.kindNames
            kinds.bytes.withUnsafeBufferPointer { names in
                kind.append(rows) { UnsafeBufferPointer(rebasing: names[kinds.range(of: Int($0.kind.rawValue))]) }
            }
            value.values.append(rows) { $0.fields.value }
            appendReviews(rows)
            at.values.append(rows) { $0.fields.at.microseconds }
            source.append(rows) { $0.source.isEmpty ? Self.defaultSource : $0.source }
            offset.values.append(rows) { $0.offset }
            eventDate.values.append(rows) { $0.fields.at.date.days }
        }
    }

    /// What rows say of reviews: most have none.
    @inline(__always)
    private mutating func appendReviews(_ rows: UnsafeBufferPointer<EventRow>) {
        guard rows.contains(where: { $0.fields.reviewText.baseAddress != nil }) else {
            reviewText.append(nulls: rows.count)
            reviewLanguage.append(nulls: rows.count)
            reviewLength.append(nulls: rows.count)
            return
        }
        if keepsText {
            reviewText.append(nullable: rows) { $0.reviewText }
        } else {
            reviewText.append(nulls: rows.count)
        }
        for row in rows { appendNature(of: row.fields.reviewText) }
    }

    /// Adds the language and the length of a text.
    private mutating func appendNature(of text: UnsafeBufferPointer<UInt8>) {
        guard text.baseAddress != nil else {
            reviewLanguage.appendNull()
            reviewLength.appendNull()
            return
        }
        let (tag, length) = ReviewLanguage.look(at: text)
        reviewLanguage.append(utf8: UnsafeBufferPointer(start: tag.utf8Start, count: tag.utf8CodeUnitCount))
        reviewLength.append(length)
    }

    /// Adds what the rows since the last call have in common.
    package mutating func endRun(
        topic name: UnsafeBufferPointer<UInt8>, partition number: Int32, ingestedAt now: Timestamp
    ) {
        let rows = count - topic.count
        topic.append(name, times: rows)
        partition.values.append(contentsOf: repeatElement(number, count: rows))
        ingestedAt.values.append(contentsOf: repeatElement(now.microseconds, count: rows))
    }

    mutating func append(_ event: Event, ingestedAt now: Timestamp) {
        eventID.append(event.eventID)
        userID.append(event.userID)
        itemID.append(event.itemID)
        kind.append(event.kind.name)
        value.append(event.value)
        reviewText.append(keepsText ? event.reviewText : nil)
        at.append(event.at.microseconds)
        source.append(event.source)
        topic.appendNull()
        partition.appendNull()
        offset.appendNull()
        ingestedAt.append(now.microseconds)
        eventDate.append(event.at.date.days)
        if var text = event.reviewText {
            text.withUTF8 { appendNature(of: $0.baseAddress == nil ? Self.noText : $0) }
        } else {
            appendNature(of: UnsafeBufferPointer(start: nil, count: 0))
        }
    }

    /// Of no bytes, and yet there.
    private static var noText: UnsafeBufferPointer<UInt8> {
        let text: StaticString = ""
        return UnsafeBufferPointer(start: text.utf8Start, count: 0)
    }

    /// An event that did not come through Kafka, as slices that need last no longer than the call.
    mutating func append(imported event: EventFields, ingestedAt now: Timestamp) {
        eventID.append(utf8: event.eventID)
        userID.append(utf8: event.userID)
        itemID.append(utf8: event.itemID)
        kind.append(event.kind.name)
        value.append(event.value)
        if !keepsText || event.reviewText.baseAddress == nil {
            reviewText.appendNull()
        } else {
            reviewText.append(utf8: event.reviewText)
        }
        at.append(event.at.microseconds)
        source.append(utf8: event.source)
        topic.appendNull()
        partition.appendNull()
        offset.appendNull()
        ingestedAt.append(now.microseconds)
        eventDate.append(event.at.date.days)
        appendNature(of: event.reviewText)
    }

    /// The rows as a batch of ``EventTable/schema``.
    /// - Precondition: the last run has ended.
    package func batch() throws -> RecordBatch {
        try RecordBatch(
            schema: TableContract.events.schema,
            columns: [
                .string(eventID), .string(userID), .string(itemID), .string(kind), .float(value), .string(reviewText),
                .timestamp(at), .string(source), .string(topic), .int32(partition), .int64(offset),
                .timestamp(ingestedAt), .date(eventDate), .string(reviewLanguage), .int32(reviewLength),
            ])
    }
}

extension BytesColumn {
    /// One value of each row, none of them null.
    @inline(__always)
    fileprivate mutating func append(
        _ rows: UnsafeBufferPointer<EventRow>, _ value: (EventFields) -> UnsafeBufferPointer<UInt8>
    ) {
        var end = bytes.count
        offsets.append(rows) { row in
            end += value(row.fields).count
            return Int32(end)
        }
        bytes.append(copying: rows.count, size: end - bytes.count) { value(rows[$0].fields) }
    }

    /// One value of each row, null where it has no base address.
    @inline(__always)
    fileprivate mutating func append(
        nullable rows: UnsafeBufferPointer<EventRow>, _ value: (EventFields) -> UnsafeBufferPointer<UInt8>
    ) {
        if validity == nil, rows.contains(where: { value($0.fields).baseAddress == nil }) {
            validity = [Bool](repeating: true, count: count)
        }
        validity?.append(rows) { value($0.fields).baseAddress != nil }
        append(rows, value)
    }

    /// So many nulls.
    fileprivate mutating func append(nulls: Int) {
        if validity == nil { validity = [Bool](repeating: true, count: count) }
        offsets.append(contentsOf: repeatElement(Int32(bytes.count), count: nulls))
        validity?.append(contentsOf: repeatElement(false, count: nulls))
    }

    /// - Precondition: the column has no nulls.
    fileprivate mutating func append(_ value: UnsafeBufferPointer<UInt8>, times: Int) {
        precondition(validity == nil, "a column of messages has no nulls")
        let start = bytes.count
        offsets.append(contentsOf: (0..<times).lazy.map { Int32(start + ($0 + 1) * value.count) })
        bytes.append(copying: times, size: times * value.count) { _ in value }
    }
}

extension PrimitiveColumn<Int32> {
    /// So many nulls.
    fileprivate mutating func append(nulls: Int) {
        if validity == nil { validity = [Bool](repeating: true, count: count) }
        values.append(contentsOf: repeatElement(0, count: nulls))
        validity?.append(contentsOf: repeatElement(false, count: nulls))
    }
}

extension [UInt8] {
    /// `count` byte strings end to end, which have `size` bytes together.
    @inline(__always)
    fileprivate mutating func append(copying count: Int, size: Int, _ value: (Int) -> UnsafeBufferPointer<UInt8>) {
        append(addingCapacity: size) { (span: inout OutputSpan<UInt8>) in
            span.withUnsafeMutableBufferPointer { buffer, initialized in
                for i in 0..<count {
                    let source = value(i)
                    precondition(buffer.count - initialized >= source.count, "as much room as was asked for")
                    guard let from = source.baseAddress, let to = buffer.baseAddress else { continue }
                    ShortBytes.copy(from, to: to + initialized, count: source.count)
                    initialized += source.count
                }
            }
        }
    }
}

extension Array {
    /// One value of each row.
    @inline(__always)
    fileprivate mutating func append(_ rows: UnsafeBufferPointer<EventRow>, _ value: (EventRow) -> Element) {
        append(addingCapacity: rows.count) { (span: inout OutputSpan<Element>) in
            for row in rows { span.append(value(row)) }
        }
    }
}
