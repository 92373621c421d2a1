internal import Domain

/// What lists say of their items again and again, made once: by place, the identifier as JSON has it, and what stands for
/// it in a cursor. 8 bytes and the identifier's own for each item.
struct ItemTexts: Sendable {
    /// Identifier n is `json[starts[n]..<starts[n + 1]]`, quoted.
    private var json: [UInt8] = []
    private var starts = [0]
    /// See ``hash(of:)``.
    private var hashes: [UInt64] = []

    /// O(bytes).
    init(_ ids: [String]) {
        json.reserveCapacity(ids.count * 10)
        starts.reserveCapacity(ids.count + 1)
        hashes.reserveCapacity(ids.count)
        for id in ids {
            JSONText.append(quoted: id, to: &json)
            starts.append(json.count)
            hashes.append(Self.hash(of: id))
        }
    }

    /// The identifier in quotes.
    func quoted(_ place: Int32) -> ArraySlice<UInt8> { json[starts[Int(place)]..<starts[Int(place) + 1]] }

    /// ``hash(of:)`` of an item, made before.
    func hash(_ place: Int32) -> UInt64 { hashes[Int(place)] }

    /// What stands for an item in a cursor: 5 bytes.
    static func hash(of id: String) -> UInt64 {
        var hash = StableHash()
        hash.combine(id)
        return hash.value & 0xFF_FFFF_FFFF
    }
}
