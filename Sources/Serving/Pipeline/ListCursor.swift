internal import Domain

/// Where a page ended: which list it was of, which model made it, and which items were given.
///
/// All of it is in the text that the client gets, and nothing is kept here: so it is good after a restart, and at
/// another replica. It holds nothing secret and grants nothing; the checksum finds what was cut or mistyped. What was
/// given is kept as 5 bytes of a hash: in a list of 1,000 among 100,000 items one is missed in 10,000 lists.
struct ListCursor: Hashable {
    /// When the first page was made: later pages know no newer events.
    var madeAt: Timestamp
    var modelID: String
    /// Of everything in the request that the list depends on.
    var fingerprint: UInt64
    /// What chance went by on the first page.
    var seed: UInt64
    /// ``hash(of:)`` of the items given, in the order given.
    var given: [UInt64]

    static let lifetime = Duration.seconds(600)
    /// Of items given: where a list ends.
    static let maximumGiven = 1000
    private static let version: UInt8 = 1
    private static let hashBytes = 5

    /// What stands for an item in a cursor.
    static func hash(of id: String) -> UInt64 {
        var hash = StableHash()
        hash.combine(id)
        return hash.value & 0xFF_FFFF_FFFF
    }

    // MARK: As text

    var text: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(48 + modelID.utf8.count + given.count * Self.hashBytes)
        bytes.append(Self.version)
        Self.append(UInt64(bitPattern: madeAt.microseconds), 8, to: &bytes)
        Self.append(fingerprint, 8, to: &bytes)
        Self.append(seed, 8, to: &bytes)
        bytes.append(UInt8(truncatingIfNeeded: modelID.utf8.count))
        bytes.append(contentsOf: modelID.utf8)
        for hash in given { Self.append(hash, Self.hashBytes, to: &bytes) }
        Self.append(Self.checksum(bytes[...]), 8, to: &bytes)
        return Base64URL.text(of: bytes)
    }

    /// - Throws: ``ServingError/badCursor``.
    init(_ text: String) throws(ServingError) {
        guard text.utf8.count <= 8192, let bytes = Base64URL.bytes(of: text), bytes.count >= 34,
            bytes[0] == Self.version,
            Self.number(bytes[(bytes.count - 8)...]) == Self.checksum(bytes[..<(bytes.count - 8)])
        else { throw .badCursor }
        let nameEnd = 26 + Int(bytes[25])
        let end = bytes.count - 8
        guard nameEnd <= end, (end - nameEnd) % Self.hashBytes == 0,
            (end - nameEnd) / Self.hashBytes <= Self.maximumGiven,
            let name = String(validating: bytes[26..<nameEnd], as: UTF8.self)
        else { throw .badCursor }
        madeAt = Timestamp(microseconds: Int64(bitPattern: Self.number(bytes[1..<9])))
        fingerprint = Self.number(bytes[9..<17])
        seed = Self.number(bytes[17..<25])
        modelID = name
        given = stride(from: nameEnd, to: end, by: Self.hashBytes).map {
            Self.number(bytes[$0..<$0 + Self.hashBytes])
        }
    }

    init(madeAt: Timestamp, modelID: String, fingerprint: UInt64, seed: UInt64, given: [UInt64]) {
        self.madeAt = madeAt
        self.modelID = modelID
        self.fingerprint = fingerprint
        self.seed = seed
        self.given = given
    }

    private static func append(_ number: UInt64, _ count: Int, to bytes: inout [UInt8]) {
        for place in 0..<count { bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * place))) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var hash = StableHash()
        for byte in bytes { hash.combine(byte) }
        return hash.value
    }
}

/// FNV-1a with the finish of MurmurHash3: the same number in every process, which `Hasher` is not. Against mistakes,
/// not against malice.
struct StableHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    @inline(__always)
    mutating func combine(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }

    /// A text and its end, so that "ab", "c" is not "a", "bc".
    mutating func combine(_ text: String) {
        for byte in text.utf8 { combine(byte) }
        combine(0xFF as UInt8)
    }

    mutating func combine(_ number: UInt64) {
        for place in 0..<8 { combine(UInt8(truncatingIfNeeded: number >> UInt64(8 * place))) }
    }

    var value: UInt64 {
        var hash = state
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ hash >> 33
    }
}

/// RFC 4648, 5, without padding.
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func text(of bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var bits: UInt32 = 0
        var held: UInt32 = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            held += 8
            while held >= 6 {
                held -= 6
                text.append(alphabet[Int(bits >> held & 63)])
            }
        }
        if held > 0 { text.append(alphabet[Int(bits << (6 - held) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// nil for what is no such text.
    static func bytes(of text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 3 / 4)
        var bits: UInt32 = 0
        var held: UInt32 = 0
        for byte in text.utf8 {
            let value: UInt8
            switch byte {
            case 65...90: value = byte - 65
            case 97...122: value = byte - 71
            case 48...57: value = byte + 4
            case UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "_"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> held))
            }
        }
        // What is left over is padding, and zero: one text for each value.
        guard held < 6, bits & ((1 << held) - 1) == 0 else { return nil }
        return bytes
    }
}
