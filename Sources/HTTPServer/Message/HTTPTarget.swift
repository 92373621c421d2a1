internal import Domain

/// The target of a request line (RFC 9112, 3.2) taken apart. Splitting comes before decoding, so an encoded `/`, `&`
/// or `=` is part of a name and separates nothing.
struct HTTPTarget {
    var path: String
    var segments: [String]
    var query: HTTPQuery

    /// - Throws: `HTTPRefusal` for what is not a path with an optional query, all of it valid UTF-8 once decoded.
    init(_ target: [UInt8], maximumParameters: Int) throws(HTTPRefusal) {
        var target = target[...]
        if let first = target.first, first != UInt8(ascii: "/") {
            target = try Self.afterAuthority(target)
        }
        let mark = target.firstIndex(of: UInt8(ascii: "?"))
        let path = target[..<(mark ?? target.endIndex)]
        self.path = String(decoding: path, as: UTF8.self)
        segments = []
        var start = path.startIndex
        if path.count > 1 {
            start += 1
            while true {
                let end = path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
                segments.append(try Self.decode(path[start..<end], part: "path", plusIsSpace: false))
                guard end < path.endIndex else { break }
                start = end + 1
            }
        }
        query = HTTPQuery()
        if let mark { query = try Self.query(target[(mark + 1)...], maximumParameters: maximumParameters) }
    }

    /// A proxy may send the absolute form `http://host/path`; `*` belongs to OPTIONS and is served as `/`.
    private static func afterAuthority(_ target: ArraySlice<UInt8>) throws(HTTPRefusal) -> ArraySlice<UInt8> {
        if target.elementsEqual("*".utf8) { return [UInt8(ascii: "/")] }
        for scheme in ["http://", "https://"] where target.starts(with: scheme.utf8) {
            let rest = target.dropFirst(scheme.utf8.count)
            guard let end = rest.firstIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }) else {
                return [UInt8(ascii: "/")]
            }
            return rest[end] == UInt8(ascii: "/") ? rest[end...] : [UInt8(ascii: "/")] + rest[end...]
        }
        throw .badTarget(reason: "The request target must be a path that begins with a slash.")
    }

    private static func query(_ text: ArraySlice<UInt8>, maximumParameters: Int) throws(HTTPRefusal) -> HTTPQuery {
        var query = HTTPQuery()
        var start = text.startIndex
        while start < text.endIndex {
            let end = text[start...].firstIndex(of: UInt8(ascii: "&")) ?? text.endIndex
            if end > start {
                guard query.parameters.count < maximumParameters else {
                    throw .tooManyParameters(limit: maximumParameters)
                }
                let pair = text[start..<end]
                let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
                let name = try decode(pair[..<equals], part: "query", plusIsSpace: true)
                let value = try decode(pair[equals...].dropFirst(), part: "query", plusIsSpace: true)
                query.parameters.append((name, value))
            }
            start = end + 1
        }
        return query
    }

    /// Percent-decoding after RFC 3986, 2.1; a `+` is a space in queries, as forms send it.
    static func decode(
        _ text: ArraySlice<UInt8>, part: String, plusIsSpace: Bool
    ) throws(HTTPRefusal) -> String {
        // Most is plain ASCII and stands for itself.
        let isPlain = text.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "+")
        }
        if isPlain { return String(decoding: text, as: UTF8.self) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var position = text.startIndex
        while position < text.endIndex {
            let byte = text[position]
            if byte == UInt8(ascii: "%") {
                guard position + 2 < text.endIndex, let high = hexadecimal(text[position + 1]),
                    let low = hexadecimal(text[position + 2])
                else {
                    throw .badTarget(reason: "The \(part) has a % that two hexadecimal digits do not follow.")
                }
                decoded.append(high << 4 | low)
                position += 3
            } else {
                decoded.append(byte == UInt8(ascii: "+") && plusIsSpace ? 0x20 : byte)
                position += 1
            }
        }
        // In names of users and items they are a mistake, and other programs end a text at the first NUL.
        guard !decoded.withUnsafeBufferPointer({ ControlCharacter.isFound(in: $0) }) else {
            throw .badTarget(reason: "The \(part) has a control character.")
        }
        guard let string = String(validating: decoded, as: UTF8.self) else {
            throw .badTarget(reason: "The \(part) is not UTF-8 once decoded.")
        }
        return string
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
