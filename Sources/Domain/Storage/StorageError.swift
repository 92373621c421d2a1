internal import Glibc

/// What can go wrong with a stored object, whichever storage holds it.
public enum StorageError: Fault, Hashable {
    /// A system call failed. `operation` is a verb, such as `write`.
    case io(path: String, operation: String, errno: Int32)
    /// An object that must be there is not.
    case missing(path: String)
    /// An object that has fewer bytes than its reader was told.
    case truncated(path: String, reason: String)

    public var code: String {
        switch self {
        case .io: "storage-io"
        case .missing: "file-missing"
        case .truncated: "file-malformed"
        }
    }

    public var message: String {
        switch self {
        case .io(let path, let operation, let number): "Cannot \(operation) \(path): \(SystemError(number).message)."
        case .missing(let path): "There is no file \(path)."
        case .truncated(let path, let reason): "\(path) is damaged: \(reason)."
        }
    }

    public var advice: String {
        switch self {
        case .io(_, _, let number):
            [ENOSPC, EDQUOT, EFBIG].contains(number)
                ? "Make room on that disk; what was committed before is safe." : ""
        case .missing: "Check the path, or restore the file from a backup."
        case .truncated: "Restore it from a backup, or write it again from its source."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .io: .unavailable
        case .missing: .notFound
        case .truncated: .badData
        }
    }
}
