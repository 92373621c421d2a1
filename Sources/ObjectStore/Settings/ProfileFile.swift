/// The files `~/.aws/credentials` and `~/.aws/config`: sections of `name = value` lines.
struct ProfileFile {
    private var sections: [String: [String: String]] = [:]

    /// Lines that are neither are left out, as AWS's own programs do.
    init(_ text: String) {
        var section = ""
        for line in text.split(whereSeparator: \.isNewline) {
            // Indented lines are parts of a value that has no meaning here.
            guard let first = line.first, !first.isWhitespace, first != "#", first != ";" else { continue }
            if first == "[", let end = line.firstIndex(of: "]") {
                let name = Self.trimmed(line[line.index(after: line.startIndex)..<end])
                section = name.hasPrefix("profile ") ? Self.trimmed(name.dropFirst("profile ".count)) : name
            } else if let equals = line.firstIndex(of: "=") {
                let name = Self.trimmed(line[..<equals]).lowercased()
                sections[section, default: [:]][name] = Self.trimmed(line[line.index(after: equals)...])
            }
        }
    }

    subscript(profile: String, name: String) -> String? {
        sections[profile]?[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let isSpace = { (character: Character) in character.isWhitespace }
        let start = text.drop(while: isSpace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
