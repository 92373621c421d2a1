import Domain

/// The live files of a table at one version, by ``Add/key``: those of a checkpoint as they were read, and beside them what commits
/// have changed since. Loading a checkpoint makes nothing of a file but a number in a table of hashes.
struct LiveFiles: Sendable {
    private static let hash = SeededHash()
    private var parts: [StoredAdds] = []
    /// Of the first file of each part, its number; and of all of them how many they are.
    private var starts: [Int] = [0]
    /// Of each file the upper half of the hash of its path, and below it its number plus one; by the lower half, with linear
    /// probing. 0 is free; at most half are taken.
    private var slots: [UInt64] = []
    /// Numbers of files that commits removed or replaced.
    private var gone: Set<Int32> = []
    private var changes: [String: Add] = [:]
    /// Of the files in ``changes`` of which rows are deleted, by their paths, their keys.
    private var keysOfVectors: [String: String] = [:]
    /// Of all files together.
    private(set) var byteCount: Int64 = 0

    /// How many there are.
    var count: Int { stored - gone.count + changes.count }
    private var stored: Int { starts[starts.count - 1] }

    /// All of them, in no order. O(files): each is made anew where it comes from a checkpoint.
    var values: [Add] {
        var adds: [Add] = []
        adds.reserveCapacity(count)
        forEachStored { part, index in adds.append(part.add(index)) }
        return adds + changes.values
    }

    /// What tells them apart. O(files).
    var keys: Set<String> {
        var keys = Set(changes.keys)
        keys.reserveCapacity(count)
        forEachStored { part, index in keys.insert(part.key(index)) }
        return keys
    }

    /// The file of a key; setting nil removes it.
    subscript(key: String) -> Add? {
        get {
            if let add = changes[key] { return add }
            return number(ofKey: key).map { number in
                let (part, index) = place(number)
                return part.add(index)
            }
        }
        set {
            if let number = number(ofKey: key) {
                let (part, index) = place(number)
                gone.insert(number)
                byteCount &-= part.size(index)
            }
            let old = changes[key]
            changes[key] = newValue
            byteCount &-= old?.size ?? 0
            byteCount &+= newValue?.size ?? 0
            if let newValue, newValue.deletionVector != nil {
                keysOfVectors[newValue.path] = key
            } else if let old, old.deletionVector != nil, keysOfVectors[old.path] == key {
                keysOfVectors[old.path] = nil
            }
        }
    }

    /// Whether there is a file of this key.
    func contains(_ key: String) -> Bool { changes[key] != nil || number(ofKey: key) != nil }

    /// The file of a path, whichever rows of it are deleted.
    func file(at path: String) -> Add? {
        if let add = changes[path] ?? keysOfVectors[path].flatMap({ changes[$0] }) { return add }
        var path = path
        return path.withUTF8 { find($0, Self.hash($0)) { _, _ in true } }.map { number in
            let (part, index) = place(number)
            return part.add(index)
        }
    }

    /// Adds the files of a checkpoint. One whose key is there already takes its place.
    mutating func append(_ part: StoredAdds) {
        guard part.count > 0 else { return }
        let first = stored
        parts.append(part)
        starts.append(first + part.count)
        byteCount &+= part.byteCount
        if 2 * stored > slots.count { grow() }
        for index in 0..<part.count {
            let twin = part.withPath(index) { path in
                let hash = Self.hash(path)
                let twin = find(path, hash) { other, place in other.key(place) == part.key(index) }
                insert(Int32(first + index), hash)
                return twin
            }
            if let twin {
                let (part, index) = place(twin)
                gone.insert(twin)
                byteCount &-= part.size(index)
            } else if !changes.isEmpty {
                byteCount &-= changes.removeValue(forKey: part.key(index))?.size ?? 0
            }
        }
    }

    private func forEachStored(_ body: (StoredAdds, Int) -> Void) {
        for (part, start) in zip(parts, starts) {
            for index in 0..<part.count where gone.isEmpty || !gone.contains(Int32(start + index)) { body(part, index) }
        }
    }

    /// The part that has the file of a number, and where.
    private func place(_ number: Int32) -> (StoredAdds, Int) {
        var (low, high) = (0, parts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= Int(number) { low = middle } else { high = middle }
        }
        return (parts[low], Int(number) - starts[low])
    }

    private func number(ofKey key: String) -> Int32? {
        guard !slots.isEmpty else { return nil }
        var key = key
        return key.withUTF8 { utf8 in
            let path = utf8.prefix { $0 != 0 }
            let whole = UnsafeBufferPointer(rebasing: path)
            return find(whole, Self.hash(whole)) { part, index in part.key(index).utf8.elementsEqual(utf8) }
        }
    }

    /// The number of a live file with this path for which `isMeant`.
    private func find(
        _ path: UnsafeBufferPointer<UInt8>, _ hash: UInt64, _ isMeant: (StoredAdds, Int) -> Bool
    ) -> Int32? {
        guard !slots.isEmpty else { return nil }
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            if slots[slot] >> 32 == hash >> 32 {
                let number = Int32(truncatingIfNeeded: slots[slot]) - 1
                let (part, index) = place(number)
                if part.withPath(index, { $0.count == path.count && $0.elementsEqual(path) }), !gone.contains(number),
                    isMeant(part, index)
                {
                    return number
                }
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private mutating func insert(_ number: Int32, _ hash: UInt64) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = (hash & ~0xFFFF_FFFF) | UInt64(number + 1)
    }

    /// Makes room for all that are there, and puts those of the parts before the last one in again.
    private mutating func grow() {
        var size = 64
        while size < 2 * stored { size *= 2 }
        slots = [UInt64](repeating: 0, count: size)
        for (part, start) in zip(parts.dropLast(), starts) {
            for index in 0..<part.count { insert(Int32(start + index), part.withPath(index) { Self.hash($0) }) }
        }
    }
}

extension LiveFiles: Equatable {
    static func == (a: LiveFiles, b: LiveFiles) -> Bool { Set(a.values) == Set(b.values) }
}
