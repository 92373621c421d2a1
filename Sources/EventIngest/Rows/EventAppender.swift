import Columnar
import Domain
import Kafka
import Operations

/// Decodes event messages straight into columns, and refuses events that a partition brought before.
final class EventAppender<Decoder: EventMessageDecoder>: RowAppender {
    private let decoder: Decoder
    private let duplicates: DuplicatePolicy?
    private var windows: [TopicPartition: DuplicateWindow] = [:]
    private let imported: ImportedIdentifiers?
    private let keepsText: Bool
    private let pseudonyms: PseudonymScratch?
    private var columns: EventColumns
    /// The columns of a batch that is stored. To fill the same memory again costs a fifth less than to ask for new pages.
    private var spare: EventColumns?
    /// See ``KafkaMessages/touch(_:)``.
    private var touched = 0
    /// So many decoded rows fit into the nearest cache; each column then takes its part of them in one go.
    private static var rowsTogether: Int { 128 }

    /// - Parameters:
    ///   - keepsText: whether the words of reviews are kept.
    ///   - pseudonyms: keys of what users are called; nil for their identifiers as they are.
    init(decoder: Decoder, duplicates: DuplicatePolicy?, keepsText: Bool, pseudonyms: PseudonymKeys?) {
        self.decoder = decoder
        self.keepsText = keepsText
        self.pseudonyms = pseudonyms.map { PseudonymScratch($0, rows: Self.rowsTogether) }
        columns = EventColumns(keepingText: keepsText)
        self.duplicates = duplicates
        imported = duplicates?.imported
    }

    var rowCount: Int { columns.count }
    var byteCount: Int { columns.byteCount }

    func begin(_ next: [TopicPartition: Int64]) throws {
        guard let duplicates else { return }
        try windows.merge(duplicates.windows(before: next)) { $1 }
    }

    func release(_ place: TopicPartition) { windows[place] = nil }

    func append(_ messages: KafkaMessages, receivedAt: Timestamp, rejections: inout [Rejection]) throws {
        let latest = decoder.latest(receivedAt)
        try imported?.refresh()
        var topic = messages.topic
        try topic.withUTF8 { topic in
            var rows: [EventRow] = []
            rows.reserveCapacity(Self.rowsTogether)
            // Taken out for the loop: a property of a class is checked for exclusive access at every touch.
            var window = windows.removeValue(forKey: messages.place)
            var columns = EventColumns()
            swap(&columns, &self.columns)
            defer {
                windows[messages.place] = window
                columns.endRun(topic: topic, partition: messages.partition, ingestedAt: receivedAt)
                // So many rows are no trickle: the rest of a whole commit will follow.
                if columns.count >= 1 << 14, columns.capacity < 1 << 20 { columns.reserveCapacity(1 << 20) }
                swap(&columns, &self.columns)
            }
            let first = rejections.count
            var position = 0
            while position < messages.count {
                if position % Self.rowsTogether == 0 {
                    touched &+= messages.touch(position..<min(position + Self.rowsTogether, messages.count))
                }
                do throws(RejectReason) {
                    var fields = try decoder.decode(messages.payload(at: position), latest: latest)
                    if let pseudonyms { pseudonyms.replace(in: &fields, row: rows.count) }
                    rows.append(EventRow(fields: fields, offset: messages.offset(at: position), position: position))
                } catch {
                    if try decoder.mayRetry(after: error) { continue }
                    let explanation = decoder.explanation.map { ": \($0)" } ?? ""
                    rejections.append(Rejection(position: position, reason: error.rawValue + explanation))
                }
                if rows.count == Self.rowsTogether || decoder.lendsScratch {
                    try empty(&rows, into: &columns, &window, &rejections)
                }
                position += 1
            }
            try empty(&rows, into: &columns, &window, &rejections)
            // Duplicates were found later than what is wrong with the messages around them.
            rejections[first...].sort { $0.position < $1.position }
        }
    }

    /// Moves decoded rows into the columns, but for those that came before.
    private func empty(
        _ rows: inout [EventRow], into columns: inout EventColumns, _ window: inout DuplicateWindow?,
        _ rejections: inout [Rejection]
    ) throws {
        var duplicates = window?.removeDuplicates(from: &rows) ?? []
        if let imported { duplicates += try imported.removeKnown(from: &rows) }
        for position in duplicates {
            rejections.append(Rejection(position: position, reason: RejectReason.duplicateEvent.rawValue))
        }
        columns.append(rows)
        rows.removeAll(keepingCapacity: true)
    }

    func take() throws -> [RecordBatch] {
        guard columns.count > 0 else { return [] }
        let batch = try columns.batch()
        // Once few rows come, the memory of many is not kept.
        if var spare = spare.take(), spare.count / 4 <= columns.count {
            spare.removeAll()
            columns = spare
        } else {
            columns = EventColumns(keepingText: keepsText)
        }
        return [batch]
    }

    func reuse(_ batches: [RecordBatch]) {
        spare = batches.first.flatMap { EventColumns(of: $0, keepingText: keepsText) }
    }
}
