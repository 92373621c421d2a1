public import Domain

/// Why a file cannot be read as separated values.
public enum DelimitedError: Fault, Equatable {
    /// The file, folder or archive cannot be read, or is of a form that is not understood.
    case unreadable(path: String, reason: String)
    /// Its text is stored in a way that is recognised and not read. `remedy` is a command that changes it.
    case foreignText(path: String, form: String, remedy: String)
    /// The first line does not name the columns that are needed.
    case missingColumns(path: String, missing: [String], found: [String])
    /// Quotes open and close so that no rows come out.
    case hopelessQuotes(path: String, line: Int)
    /// An archive cannot be written.
    case unpackable(reason: String)

    public var code: String {
        switch self {
        case .unreadable, .hopelessQuotes: "import-unreadable"
        case .foreignText: "text-encoding"
        case .missingColumns: "columns-missing"
        case .unpackable: "archive-failed"
        }
    }

    public var message: String {
        switch self {
        case .unreadable(let path, let reason): "Cannot import \(path): \(reason)."
        case .foreignText(let path, let form, _): "Cannot import \(path): \(form)."
        case .missingColumns(let path, let missing, let found):
            "Cannot import \(path): it has no column \(missing.joined(separator: ", ")); its columns are "
                + "\(found.joined(separator: ", "))."
        case .hopelessQuotes(let path, let line):
            "Cannot import \(path): its quotes cannot be told apart from its text around line \(line)."
        case .unpackable(let reason): "The archive cannot be written: \(reason)."
        }
    }

    public var advice: String {
        switch self {
        case .unreadable: "docs/importing.md lists the layouts that are understood."
        case .foreignText(_, _, let remedy): "Make it UTF-8 with LF first: \(remedy)"
        case .missingColumns: "Columns are found by the names in the first line; docs/importing.md has them."
        case .hopelessQuotes: "Say how it is written, with --quote none or --escape '\\'."
        case .unpackable: "Try again; if it stays so, report it with this message."
        }
    }

    public var category: FaultCategory {
        if case .unpackable = self { return .internalError }
        return .badData
    }
}
