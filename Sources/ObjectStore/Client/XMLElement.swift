/// An element of the XML that S3 answers in: names, text, and elements in it; attributes are passed over.
///
/// Foundation's parser is not used: linked into a static program it asks for the system's libxml2.
struct XMLElement {
    let name: String
    /// Of the element itself, without that of those in it.
    private(set) var text = ""
    private(set) var children: [XMLElement] = []

    /// Deeper answers are no answers of S3.
    private static let maximumDepth = 16

    private init(name: String) { self.name = name }

    /// The root of a document; nil if it is none.
    init?(_ bytes: [UInt8]) {
        var rest = Substring(decoding: bytes, as: UTF8.self)
        var open: [XMLElement] = []
        while let mark = rest.firstIndex(of: "<") {
            if !open.isEmpty {
                guard let text = Self.unescaped(rest[..<mark]) else { return nil }
                open[open.count - 1].text += text
            }
            rest = rest[mark...]
            if rest.hasPrefix("<![CDATA[") {
                guard !open.isEmpty, let end = rest.firstRange(of: "]]>") else { return nil }
                open[open.count - 1].text += rest[..<end.lowerBound].dropFirst("<![CDATA[".count)
                rest = rest[end.upperBound...]
                continue
            }
            if rest.hasPrefix("<!--") {
                guard let end = rest.firstRange(of: "-->") else { return nil }
                rest = rest[end.upperBound...]
                continue
            }
            guard let end = rest.firstIndex(of: ">") else { return nil }
            let tag = rest[rest.index(after: mark)..<end]
            rest = rest[rest.index(after: end)...]
            // A document type could define entities.
            if tag.hasPrefix("!") { return nil }
            if tag.hasPrefix("?") { continue }
            if tag.hasPrefix("/") {
                guard let last = open.popLast(), tag.dropFirst().prefix(while: { !$0.isWhitespace }) == last.name else {
                    return nil
                }
                guard let parent = open.indices.last else {
                    self = last
                    return
                }
                open[parent].children.append(last)
                continue
            }
            let isEmpty = tag.hasSuffix("/")
            let element = XMLElement(name: String(tag.prefix { !$0.isWhitespace && $0 != "/" }))
            guard !element.name.isEmpty, open.count < Self.maximumDepth else { return nil }
            if !isEmpty {
                open.append(element)
            } else if let parent = open.indices.last {
                open[parent].children.append(element)
            } else {
                self = element
                return
            }
        }
        return nil
    }

    /// The text of the first element of a name.
    subscript(name: String) -> String? { children.first { $0.name == name }?.text }

    /// The elements of a name.
    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    private static func unescaped(_ text: Substring) -> String? {
        guard text.contains("&") else { return String(text) }
        var result = ""
        var rest = text
        while let mark = rest.firstIndex(of: "&") {
            result += rest[..<mark]
            guard let end = rest[mark...].firstIndex(of: ";") else { return nil }
            let name = rest[rest.index(after: mark)..<end]
            switch name {
            case "amp": result += "&"
            case "lt": result += "<"
            case "gt": result += ">"
            case "quot": result += "\""
            case "apos": result += "'"
            default:
                let number =
                    name.hasPrefix("#x")
                    ? UInt32(name.dropFirst(2), radix: 16) : name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
                guard let scalar = number.flatMap(Unicode.Scalar.init) else { return nil }
                result.unicodeScalars.append(scalar)
            }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}
