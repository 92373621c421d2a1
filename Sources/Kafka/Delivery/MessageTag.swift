/// What librdkafka keeps for us with each message, as the message's opaque pointer: the number of the message, and the
/// ``Delivery`` that waits for its report, if one does.
///
/// A message that nobody waits for carries its number in the pointer itself, made odd; such a one may be dropped without
/// a report, as `delivery.report.only.error` does. Otherwise the pointer is that of a ``Ticket``, which is even, retained once
/// for the report that will come.
struct MessageTag {
    let number: Int
    let delivery: Delivery?

    private final class Ticket: Sendable {
        let number: Int
        let delivery: Delivery

        init(_ number: Int, _ delivery: Delivery) {
            self.number = number
            self.delivery = delivery
        }
    }

    init(_ number: Int, _ delivery: Delivery? = nil) {
        self.number = number
        self.delivery = delivery
    }

    /// The pointer for librdkafka. If librdkafka refuses the message, ``init(taking:)`` releases what this retained.
    func opaque() -> UnsafeMutableRawPointer? {
        guard let delivery else { return UnsafeMutableRawPointer(bitPattern: number << 1 | 1) }
        return Unmanaged.passRetained(Ticket(number, delivery)).toOpaque()
    }

    /// Reads a pointer that came back; once only.
    init(taking opaque: UnsafeMutableRawPointer?) {
        let bits = Int(bitPattern: opaque)
        if let opaque, bits & 1 == 0 {
            let ticket = Unmanaged<Ticket>.fromOpaque(opaque).takeRetainedValue()
            self.init(ticket.number, ticket.delivery)
        } else {
            self.init(bits >> 1)
        }
    }
}
