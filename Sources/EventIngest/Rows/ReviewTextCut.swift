internal import Domain

/// Takes the words of reviews out of JSON that may be damaged: the value of each `review_text` becomes `null`, and where its
/// end cannot be told everything behind goes. Of a message that names them in any other way nothing is kept.
enum ReviewTextCut {
    private static let name = Array("review_text".utf8)

    /// The message without them; nil where it has none. O(count).
    static func apply(to message: UnsafeRawBufferPointer) -> [UInt8]? {
        let bytes = message.bindMemory(to: UInt8.self)
        var kept: [UInt8]?
        // What stands between the names that are found, to look for others.
        var between: [UInt8] = []
        var (start, place) = (0, 0)
        while let found = find(in: bytes, from: place) {
            guard let value = value(in: bytes, behind: found + name.count) else {
                place = found + name.count
                continue
            }
            kept = (kept ?? []) + bytes[start..<value.lowerBound] + Array("null".utf8)
            between += bytes[start..<found]
            (start, place) = (value.upperBound, value.upperBound)
        }
        if kept != nil { kept?.append(contentsOf: bytes[start...]) }
        if NameSearch.isNamed("reviewtext", in: between + bytes[start...], withMoreBehind: true) { return [] }
        // A name may also be written with escapes, and then it is nobody's habit.
        let rest = kept ?? []
        if bytes.contains(UInt8(ascii: "\\")), let json = try? JSONValue(parsing: kept ?? Array(bytes)),
            case .object(let members) = json, members.contains(where: { $0.name == "review_text" && $0.value != .null })
        {
            return []
        }
        return kept == nil ? nil : rest
    }

    private static func find(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var place = start
        while place + name.count <= bytes.count {
            if bytes[place] == name[0], bytes[place..<place + name.count].elementsEqual(name) { return place }
            place += 1
        }
        return nil
    }

    /// Where the value stands whose name ends at `end`; nil if no colon comes behind the name.
    private static func value(in bytes: UnsafeBufferPointer<UInt8>, behind end: Int) -> Range<Int>? {
        var place = end
        if place < bytes.count, bytes[place] == UInt8(ascii: "\"") { place += 1 }
        place = skipSpace(bytes, place)
        guard place < bytes.count, bytes[place] == UInt8(ascii: ":") else { return nil }
        let start = skipSpace(bytes, place + 1)
        var last = start
        if start < bytes.count, bytes[start] == UInt8(ascii: "\"") {
            last = start + 1
            while last < bytes.count, bytes[last] != UInt8(ascii: "\"") {
                last += bytes[last] == UInt8(ascii: "\\") ? 2 : 1
            }
            last = min(last + 1, bytes.count)
        } else if bytes[start...].starts(with: Array("null".utf8)) {
            last = start + 4
        }
        // What goes on here is no value that ends where it seems to.
        let next = skipSpace(bytes, last)
        let isEnd = next < bytes.count && (bytes[next] == UInt8(ascii: ",") || bytes[next] == UInt8(ascii: "}"))
        return start..<(isEnd && last > start ? last : bytes.count)
    }

    private static func skipSpace(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        var place = start
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
        return place
    }
}
