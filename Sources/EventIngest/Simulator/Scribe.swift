public import Domain
import Kafka

/// Writes the messages of a ``Simulator`` as they go over the wire.
///
/// Messages are numbers; the names behind them are kept here as UTF-8.
public struct Scribe: Sendable {
    private let catalog: [Movie]
    /// The films' identifiers, one after the other, and where each begins.
    private let itemIDs: [UInt8]
    private let itemStarts: [Int]
    /// `simulator`, the beginning of all event identifiers, and after them what a message needs besides.
    private var text: [UInt8]
    private let prefixEnd: Int
    private static let source = "simulator"

    init(catalog: [Movie], idPrefix: String) {
        self.catalog = catalog
        var (itemIDs, itemStarts): ([UInt8], [Int]) = ([], [0])
        for movie in catalog {
            itemIDs += movie.itemID.utf8
            itemStarts.append(itemIDs.count)
        }
        (self.itemIDs, self.itemStarts) = (itemIDs, itemStarts)
        text = Array(Self.source.utf8) + idPrefix.utf8
        prefixEnd = text.count
    }

    static func userID(_ user: Int) -> String { "u\(user + 1)" }

    /// The event of a message; what it was before it was damaged.
    public mutating func event(of message: SimulatedMessage) -> Event {
        withFields(of: message) { $0.event }
    }

    /// Appends a message as it goes over the wire.
    public mutating func append(
        _ message: SimulatedMessage, to bytes: inout [UInt8], in encoding: EventEncoding
    ) {
        if let damage = message.damage {
            damage.append(event(of: message), to: &bytes, in: encoding)
        } else {
            withFields(of: message) { encoding.append($0, to: &bytes) }
        }
    }

    /// Appends a message, keyed by its user.
    mutating func append(_ message: SimulatedMessage, to batch: inout MessageBatch, in encoding: EventEncoding) {
        if let damage = message.damage {
            let event = event(of: message)
            batch.append(key: event.userID.utf8) { damage.append(event, to: &$0, in: encoding) }
        } else {
            withFields(of: message) { fields in
                batch.append(key: fields.userID) { encoding.append(fields, to: &$0) }
            }
        }
    }

    @inline(__always)
    private mutating func withFields<R>(of message: SimulatedMessage, _ body: (EventFields) -> R) -> R {
        text.removeLast(text.count - prefixEnd)
        text.append(atMost: 13) { $0.write(message.number, radix: 36) }
        let idEnd = text.count
        text.append(atMost: 21) { out in
            out.write(UInt8(ascii: "u"))
            out.write(Int(message.user) + 1)
        }
        let userEnd = text.count
        let film = Int(message.film)
        message.text?.append(of: catalog[film], stars: message.value, to: &text)
        return text.withUnsafeBufferPointer { text in
            itemIDs.withUnsafeBufferPointer { itemIDs in
                body(
                    EventFields(
                        eventID: .init(rebasing: text[Self.source.utf8.count..<idEnd]),
                        userID: .init(rebasing: text[idEnd..<userEnd]),
                        itemID: .init(rebasing: itemIDs[itemStarts[film]..<itemStarts[film + 1]]),
                        reviewText: message.text == nil
                            ? .init(start: nil, count: 0) : .init(rebasing: text[userEnd...]),
                        source: .init(rebasing: text[..<Self.source.utf8.count]),
                        kind: message.kind, value: message.value, at: message.at))
            }
        }
    }
}
