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
    /// ``ItemTexts/hash(of:)`` of the items given, in the order given.
    var given: [UInt64]

    static let lifetime = Duration.seconds(600)
    /// Of items given: where a list ends.
    static let maximumGiven = 1000
    private static let version: UInt8 = 2
    private static let hashBytes = 5

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
                put(UInt64(Self.version), 1)
                put(UInt64(bitPattern: madeAt.microseconds), 8)
                put(fingerprint, 8)
                put(seed, 8)
                put(UInt64(name.count), 1)
                for byte in name { put(UInt64(byte), 1) }
                for hash in given { put(hash, Self.hashBytes) }
                put(Self.checksum(UnsafeBufferPointer(rebasing: bytes[..<end])), 8)
                return Base64URL.text(of: UnsafeBufferPointer(bytes))
            }
        }
    }

    /// - Throws: ``ServingError/badCursor``.
    init(_ text: String) throws(ServingError) {
        guard text.utf8.count <= 8192, let bytes = Base64URL.bytes(of: text), bytes.count >= 34,
            bytes[0] == Self.version,
            Self.number(bytes[(bytes.count - 8)...])
                == bytes.withUnsafeBufferPointer({ Self.checksum(UnsafeBufferPointer(rebasing: $0.dropLast(8))) })
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

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Eight bytes at a time.
    private static func checksum(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = StableHash()
        for start in stride(from: 0, to: bytes.count, by: 8) {
            var word: UInt64 = 0
            for place in start..<min(start + 8, bytes.count) {
                word |= UInt64(bytes[place]) << UInt64(8 * (place - start))
            }
            hash.combine(word: word)
        }
        hash.combine(word: UInt64(bytes.count))
        return hash.value
    }
}

/// RFC 4648, 5, without padding.
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func text(of bytes: [UInt8]) -> String { bytes.withUnsafeBufferPointer { text(of: $0) } }

    static func text(of bytes: UnsafeBufferPointer<UInt8>) -> String {
        alphabet.withUnsafeBufferPointer { alphabet in
            String(unsafeUninitializedCapacity: (bytes.count * 4 + 2) / 3) { text in
                var (start, end) = (0, 0)
                while start + 3 <= bytes.count {
                    let bits = Int(bytes[start]) << 16 | Int(bytes[start + 1]) << 8 | Int(bytes[start + 2])
                    text[end] = alphabet[bits >> 18]
                    text[end + 1] = alphabet[bits >> 12 & 63]
                    text[end + 2] = alphabet[bits >> 6 & 63]
                    text[end + 3] = alphabet[bits & 63]
                    (start, end) = (start + 3, end + 4)
                }
                // One or two bytes are left: two or three letters, the last filled up with zeros.
                guard start < bytes.count else { return end }
                let isTwo = start + 1 < bytes.count
                let bits = Int(bytes[start]) << 16 | (isTwo ? Int(bytes[start + 1]) << 8 : 0)
                text[end] = alphabet[bits >> 18]
                text[end + 1] = alphabet[bits >> 12 & 63]
                if isTwo { text[end + 2] = alphabet[bits >> 6 & 63] }
                return end + (isTwo ? 3 : 2)
            }
        }
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
