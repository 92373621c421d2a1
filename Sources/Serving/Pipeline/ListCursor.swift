internal import Domain

/// Where a page ended: which list it was of, which model made it, and which items were given.
///
/// All of it is in the text that the client gets, and nothing is kept here: so it is good after a restart, and at
/// another replica. What was given is kept as 5 bytes of a hash: in a list of 1,000 among 100,000 items one is missed in
/// 10,000 lists.
struct ListCursor: Hashable {
    /// When the first page was made: later pages know no newer events.
    var madeAt: Timestamp
    var modelID: String
    /// Of everything in the request that the list depends on.
    var fingerprint: UInt64
    /// What chance went by on the first page.
    var seed: UInt64
    /// ``ItemTexts/hash(of:)`` of the items given, in the order given.
    var given: [UInt64]

    static let lifetime = Duration.seconds(600)
    /// Clocks of several replicas may differ by so much.
    private static let clockSkew = Duration.seconds(60)
    /// Of items given: where a list ends.
    static let maximumGiven = 1000
    private static let hashBytes = 5

    /// - Throws: ``ServingError/cursorExpired`` for one of another time than now.
    static func check(madeAt: Timestamp, at now: Timestamp) throws(ServingError) {
        let age = Duration.microseconds(now.microseconds.subtractingReportingOverflow(madeAt.microseconds).0)
        guard age <= lifetime, age >= .zero - clockSkew else { throw .cursorExpired }
    }

    // MARK: As text

    var text: String {
        var name = modelID
        return name.withUTF8 { name in
            let end = 26 + name.count + given.count * Self.hashBytes
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: end + 8) { bytes in
                var place = 0
                func put(_ number: UInt64, _ count: Int) {
                    for byte in 0..<count {
                        bytes[place + byte] = UInt8(truncatingIfNeeded: number >> UInt64(8 * byte))
                    }
                    place += count
                }
                put(UInt64(CursorSeal.Kind.list.rawValue), 1)
                put(UInt64(bitPattern: madeAt.microseconds), 8)
                put(fingerprint, 8)
                put(seed, 8)
                put(UInt64(name.count), 1)
                for byte in name { put(UInt64(byte), 1) }
                for hash in given { put(hash, Self.hashBytes) }
                put(CursorSeal.checksum(UnsafeBufferPointer(rebasing: bytes[..<end])), 8)
                return Base64URL.text(of: UnsafeBufferPointer(bytes))
            }
        }
    }

    /// - Throws: ``ServingError/badCursor``, ``ServingError/cursorOfAnotherList``.
    init(_ text: String) throws(ServingError) {
        let bytes = try CursorSeal.bytes(of: text, .list)
        guard bytes.count >= 26 else { throw .badCursor }
        let nameEnd = 26 + Int(bytes[25])
        let end = bytes.count
        guard nameEnd <= end, (end - nameEnd) % Self.hashBytes == 0,
            (end - nameEnd) / Self.hashBytes <= Self.maximumGiven,
            let name = String(validating: bytes[26..<nameEnd], as: UTF8.self)
        else { throw .badCursor }
        madeAt = Timestamp(microseconds: Int64(bitPattern: CursorSeal.number(bytes[1..<9])))
        fingerprint = CursorSeal.number(bytes[9..<17])
        seed = CursorSeal.number(bytes[17..<25])
        modelID = name
        given = stride(from: nameEnd, to: end, by: Self.hashBytes).map {
            CursorSeal.number(bytes[$0..<$0 + Self.hashBytes])
        }
    }

    init(madeAt: Timestamp, modelID: String, fingerprint: UInt64, seed: UInt64, given: [UInt64]) {
        self.madeAt = madeAt
        self.modelID = modelID
        self.fingerprint = fingerprint
        self.seed = seed
        self.given = given
    }
}
