/// Fingerprints of identifiers, each with a number. 12 bytes for each place, of which at most two thirds are taken.
struct IdentifierSet {
    /// 0 is free.
    private var keys: [UInt64]
    private var numbers: [UInt32]
    private(set) var count = 0

    /// - Parameter capacity: how many are expected; more are welcome.
    init(capacity: Int = 0) {
        var size = 16
        while size / 3 * 2 < capacity { size *= 2 }
        keys = [UInt64](repeating: 0, count: size)
        numbers = [UInt32](repeating: 0, count: size)
    }

    /// Adds a fingerprint that is not there yet. O(1) on average.
    /// - Returns: the number of the one that is there already; nil if it was added.
    mutating func insert(_ fingerprint: UInt64, _ number: UInt32) -> UInt32? {
        if (count + 1) > keys.count / 3 * 2 { grow() }
        let place = place(of: fingerprint)
        if keys[place] != 0 { return numbers[place] }
        keys[place] = fingerprint
        numbers[place] = number
        count += 1
        return nil
    }

    /// Whether a fingerprint is there. O(1) on average.
    func contains(_ fingerprint: UInt64) -> Bool { count > 0 && keys[place(of: fingerprint)] != 0 }

    private func place(of fingerprint: UInt64) -> Int {
        let mask = keys.count - 1
        var place = Int(truncatingIfNeeded: fingerprint) & mask
        while keys[place] != 0, keys[place] != fingerprint { place = (place + 1) & mask }
        return place
    }

    private mutating func grow() {
        let (oldKeys, oldNumbers) = (keys, numbers)
        keys = [UInt64](repeating: 0, count: oldKeys.count * 2)
        numbers = [UInt32](repeating: 0, count: oldKeys.count * 2)
        for (key, number) in zip(oldKeys, oldNumbers) where key != 0 {
            let place = place(of: key)
            keys[place] = key
            numbers[place] = number
        }
    }
}
