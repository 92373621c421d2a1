import Operations

/// Puts pseudonyms into decoded messages, in memory of its own: so many rows at a time, until they are in the columns.
///
/// One thread uses it at a time.
final class PseudonymScratch {
    private let keys: PseudonymKeys
    private let room: UnsafeMutableBufferPointer<UInt8>
    /// What the identifiers of one row take at most: a user, and two that may name them.
    private static let stride = 3 * PseudonymKeys.length + 2 * PseudonymKeys.mark.utf8.count

    init(_ keys: PseudonymKeys, rows: Int) {
        self.keys = keys
        room = .allocate(capacity: rows * Self.stride)
    }

    deinit { room.deallocate() }

    /// What stands for the user and for one or two identifiers that may name them. Valid until the same row is asked for again.
    /// - Precondition: `row` is below the number of rows.
    func replace(
        _ user: inout UnsafeBufferPointer<UInt8>, _ first: inout UnsafeBufferPointer<UInt8>,
        _ second: inout UnsafeBufferPointer<UInt8>, row: Int
    ) {
        var place = row * Self.stride
        replace(&first, of: user, at: &place)
        replace(&second, of: user, at: &place)
        let pseudonym = UnsafeMutableBufferPointer(rebasing: room[place..<place + PseudonymKeys.length])
        keys.write(of: user, to: pseudonym)
        user = UnsafeBufferPointer(pseudonym)
    }

    /// The same for an event.
    func replace(in fields: inout EventFields, row: Int) {
        var none = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        replace(&fields.userID, &fields.eventID, &none, row: row)
    }

    private func replace(
        _ id: inout UnsafeBufferPointer<UInt8>, of user: UnsafeBufferPointer<UInt8>, at place: inout Int
    ) {
        guard id.count > 0, PseudonymKeys.hides(id, of: user) else { return }
        let start = place
        for byte in PseudonymKeys.mark.utf8 {
            room[place] = byte
            place += 1
        }
        keys.write(of: id, to: UnsafeMutableBufferPointer(rebasing: room[place..<place + PseudonymKeys.length]))
        place += PseudonymKeys.length
        id = UnsafeBufferPointer(rebasing: room[start..<place])
    }
}
