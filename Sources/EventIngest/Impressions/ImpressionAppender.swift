import Columnar
import Domain
import Kafka
import Operations

/// Decodes messages of impressions into columns, and refuses those that a partition brought before.
final class ImpressionAppender: RowAppender {
    private let decoder: ImpressionDecoder
    private let duplicates: DuplicatePolicy?
    private var windows: [TopicPartition: DuplicateWindow] = [:]
    private let pseudonyms: PseudonymScratch?
    private var columns = ImpressionColumns()

    /// - Parameter pseudonyms: keys of what users are called; nil for their identifiers as they are.
    init(limits: EventLimits, duplicates: DuplicatePolicy?, pseudonyms: PseudonymKeys?) {
        self.pseudonyms = pseudonyms.map { PseudonymScratch($0, rows: 1) }
        decoder = ImpressionDecoder(limits: limits)
        self.duplicates = duplicates
    }

    var rowCount: Int { columns.count }
    var byteCount: Int { columns.byteCount }

    func begin(_ next: [TopicPartition: Int64]) throws {
        guard let duplicates else { return }
        try windows.merge(duplicates.windows(before: next)) { $1 }
    }

    func release(_ place: TopicPartition) { windows[place] = nil }

    func append(_ messages: KafkaMessages, receivedAt: Timestamp, rejections: inout [Rejection]) throws {
        var topic = messages.topic
        // Taken out for the loop, so that it is not copied at its first change.
        var window = windows.removeValue(forKey: messages.place)
        defer { windows[messages.place] = window }
        topic.withUTF8 { topic in
            for position in 0..<messages.count {
                do throws(RejectReason) {
                    var fields = try decoder.decode(messages.payload(at: position), now: receivedAt)
                    if let pseudonyms, fields.userID.baseAddress != nil {
                        pseudonyms.replace(&fields.userID, &fields.impressionID, &fields.recommendationID, row: 0)
                    }
                    let offset = messages.offset(at: position)
                    if window?.isDuplicate(fields.impressionID, at: offset) == true { throw .duplicateImpression }
                    columns.append(
                        fields, topic: topic, partition: messages.partition, offset: offset, ingestedAt: receivedAt)
                } catch {
                    let explanation = decoder.explanation.map { ": \($0)" } ?? ""
                    rejections.append(Rejection(position: position, reason: error.rawValue + explanation))
                }
            }
        }
    }

    func take() throws -> [RecordBatch] {
        guard columns.count > 0 else { return [] }
        defer { columns = ImpressionColumns() }
        return [try columns.batch()]
    }
}
