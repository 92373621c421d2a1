/// What one file of a room imports, declares and uses.
struct SourceFile {
    /// From the root of the repository, such as `Sources/Columnar/Delta/Snapshot.swift`.
    let path: String
    /// `Columnar`.
    let room: String
    /// `Delta`; "" for a file that lies in the room itself.
    let folder: String
    /// Names of modules, and the line of the import.
    private(set) var imports: [(module: String, line: Int)] = []
    /// What it declares at the top level, unless for itself alone.
    private(set) var declared: Set<String> = []
    /// Types and members declared inside of a type, by the type's name.
    private(set) var members: [String: Set<String>] = [:]
    /// What it declares for itself: private names of the top level, generic parameters, locals and parameters.
    private(set) var own: Set<String> = []
    let words: [Word]

    private static let types: Set<String> = [
        "struct", "class", "enum", "actor", "protocol", "typealias", "associatedtype",
    ]
    private static let values: Set<String> = ["func", "let", "var", "case"]
    /// After which a name may have generic parameters.
    private static let declaring: Set<String> = ["func", "struct", "class", "enum", "actor", "typealias"]

    init(path: String, _ text: String) {
        self.path = path
        let parts = path.split(separator: "/").map(String.init)
        room = parts[1]
        folder = parts.dropFirst(2).dropLast().joined(separator: "/")
        words = SwiftReader(text).words
        for (index, word) in words.enumerated() {
            if word.before == "import", word.scopes.isEmpty, word.text != "struct", word.text != "func" {
                imports.append((word.text, word.line))
            }
            declare(word, at: index)
        }
    }

    private mutating func declare(_ word: Word, at index: Int) {
        let isType = Self.types.contains(word.before)
        let isValue = Self.values.contains(word.before)
        // `class func`, `a.case`: a word before that is itself the name of something declares nothing.
        if isType || isValue, word.secondBefore != ".", !Self.values.contains(word.text) {
            if word.scopes.isEmpty {
                if isHidden(index) { own.insert(word.text) } else { declared.insert(word.text) }
            } else if let type = word.scopes.last ?? nil {
                members[type, default: []].insert(word.text)
            } else {
                own.insert(word.text)
            }
        }
        // A parameter's own name, `x` in `_ x: Int` and `at x: Int`; a loop's variable; a generic parameter.
        if word.behind == ":", word.before == "_" || isWord(word.before) { own.insert(word.text) }
        if word.before == "for" { own.insert(word.text) }
        if word.before == "<", index > 0, Self.declaring.contains(words[index - 1].before) { own.insert(word.text) }
    }

    private func isWord(_ text: String) -> Bool {
        guard let first = text.first else { return false }
        return (first.isLetter || first == "_") && !Self.types.contains(text) && !Self.values.contains(text)
            && !["inout", "in", "return", "default", "where", "extension", "if", "else", "is", "as"].contains(text)
    }

    /// Whether `private` or `fileprivate` stands among the modifiers of the declaration whose name is there.
    private func isHidden(_ index: Int) -> Bool {
        let modifiers: Set<String> = [
            "public", "package", "internal", "final", "indirect", "static", "nonisolated", "unsafe", "private",
            "fileprivate",
        ]
        var place = index - 2
        while place >= 0, modifiers.contains(words[place].text) {
            if words[place].text.hasSuffix("private") { return true }
            place -= 1
        }
        return false
    }
}
