public import Domain

/// What can go wrong in this room.
public enum OperationsError: Fault {
    /// A file cannot be opened or read. `reason` is the system's own text.
    case unreadableFile(path: String, reason: String)
    /// A configuration file is not YAML, or not the part of it that is read here.
    case malformedYAML(file: String, line: Int, column: Int, problem: String)

    public var code: String {
        switch self {
        case .unreadableFile: "unreadable-file"
        case .malformedYAML: "malformed-yaml"
        }
    }

    public var message: String {
        switch self {
        case .unreadableFile(let path, let reason): "Cannot read '\(path)': \(reason)."
        case .malformedYAML(let file, let line, let column, let problem):
            "\(file):\(line):\(column): \(problem)."
        }
    }

    public var advice: String {
        switch self {
        case .unreadableFile: "Check that the path is right and that you may read it."
        case .malformedYAML: "Write it as `key: value` lines; nested keys are indented by spaces."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .unreadableFile: .notFound
        case .malformedYAML: .badData
        }
    }
}
