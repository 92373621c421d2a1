import Columnar
import Domain

/// Reads one wire form of events.
protocol EventMessageDecoder: AnyObject {
    /// The slices are valid until the next call, and as long as the message.
    func decode(_ message: UnsafeRawBufferPointer, latest: Timestamp) throws(RejectReason) -> EventFields
    /// The latest time an event may have, by the receiver's clock.
    func latest(_ now: Timestamp) -> Timestamp
    /// Asked after a refusal: whether the same message should be tried again, now that what it needs has been fetched.
    /// Blocks.
    /// - Throws: if that could not be fetched.
    func mayRetry(after reason: RejectReason) throws -> Bool
    /// More about the last refusal, for a person to read.
    var explanation: String? { get }
}

extension EventMessageDecoder {
    func mayRetry(after reason: RejectReason) throws -> Bool { false }
    var explanation: String? { nil }
}

extension EventDecoder: EventMessageDecoder {}

/// Decodes event messages straight into columns, and refuses events that a partition brought before.
final class EventAppender<Decoder: EventMessageDecoder>: RowAppender {
    private let decoder: Decoder
    private let duplicates: DuplicatePolicy?
    private var windows: [TopicPartition: DuplicateWindow] = [:]
    private var columns = EventColumns()

    init(decoder: Decoder, duplicates: DuplicatePolicy?) {
        self.decoder = decoder
        self.duplicates = duplicates
    }

    var rowCount: Int { columns.count }
    var byteCount: Int { columns.byteCount }

    func begin(_ place: TopicPartition, at offset: Int64) throws {
        guard let duplicates else { return }
        windows[place] = try duplicates.window(of: place, before: offset)
    }

    func release(_ place: TopicPartition) { windows[place] = nil }

    func append(_ messages: KafkaMessages, receivedAt: Timestamp, rejections: inout [Rejection]) throws {
        let latest = decoder.latest(receivedAt)
        let window = windows[messages.place]
        var topic = messages.topic
        try topic.withUTF8 { topic in
            // Taken out for the loop: a property of a class is checked for exclusive access at every touch.
            var columns = EventColumns()
            swap(&columns, &self.columns)
            defer {
                columns.endRun(topic: topic, partition: messages.partition, ingestedAt: receivedAt)
                swap(&columns, &self.columns)
            }
            var position = 0
            while position < messages.count {
                do throws(RejectReason) {
                    let fields = try decoder.decode(messages.payload(at: position), latest: latest)
                    let offset = messages.offset(at: position)
                    if let window, !window.admit(fields.eventID, at: offset) { throw .duplicateEvent }
                    columns.append(fields, offset: offset)
                } catch {
                    if try decoder.mayRetry(after: error) { continue }
                    let explanation = decoder.explanation.map { ": \($0)" } ?? ""
                    rejections.append(Rejection(position: position, reason: error.rawValue + explanation))
                }
                position += 1
            }
        }
    }

    func take() throws -> [RecordBatch] {
        guard columns.count > 0 else { return [] }
        let batch = try columns.batch()
        columns = EventColumns(roomAs: columns)
        return [batch]
    }
}
