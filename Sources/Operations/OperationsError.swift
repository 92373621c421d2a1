public import Domain

/// What can go wrong in this room.
public enum OperationsError: Fault {
    /// A file cannot be opened or read. `reason` is the system's own text.
    case unreadableFile(path: String, reason: String)
    /// A configuration file is not YAML, or not the part of it that is read here.
    case malformedYAML(file: String, line: Int, column: Int, problem: String)
    /// A file that holds no key for pseudonyms. `reason` says nothing of what is in it.
    case badPseudonymKey(path: String, reason: String)
    /// A state whose users have pseudonyms of another key than was given. Nil is none.
    case otherPseudonymKey(stored: String, given: String?)
    /// Another program cannot be run. `reason` is the system's own text.
    case cannotStart(program: String, reason: String)

    public var code: String {
        switch self {
        case .unreadableFile: "unreadable-file"
        case .malformedYAML: "malformed-yaml"
        case .badPseudonymKey: "bad-pseudonym-key"
        case .otherPseudonymKey: "pseudonym-key-mismatch"
        case .cannotStart: "cannot-start"
        }
    }

    public var message: String {
        switch self {
        case .unreadableFile(let path, let reason): "Cannot read '\(path)': \(reason)."
        case .malformedYAML(let file, let line, let column, let problem):
            "\(file):\(line):\(column): \(problem)."
        case .badPseudonymKey(let path, let reason): "'\(path)' holds no key for pseudonyms: \(reason)."
        case .otherPseudonymKey(let stored, let given):
            "Users have pseudonyms of the key \(stored) in the state, and "
                + (given.map { "the key that was given is \($0)." } ?? "no key was given.")
        case .cannotStart(let program, let reason): "'\(program)' cannot be run: \(reason)."
        }
    }

    public var advice: String {
        switch self {
        case .unreadableFile: "Check that the path is right and that you may read it."
        case .badPseudonymKey:
            "Name a file of \(PseudonymKeys.shortest) random bytes or more, such as 'head -c 32 /dev/urandom' makes."
        case .otherPseudonymKey: "Name the file of its key with --pseudonymise-key."
        case .cannotStart: "Install it, or name the program by its path."
        case .malformedYAML: "Write it as `key: value` lines; nested keys are indented by spaces."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .unreadableFile: .notFound
        case .cannotStart: .unavailable
        case .malformedYAML: .badData
        case .badPseudonymKey, .otherPseudonymKey: .usage
        }
    }
}
