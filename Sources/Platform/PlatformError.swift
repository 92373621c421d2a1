public import Domain
public import HTTPServer

/// Why a service of this process cannot do what it is for.
public enum PlatformError: RequestFault, Equatable {
    /// The process is about to end.
    case stopping
    /// A service of the process says that it cannot work just now, and why.
    case notReady(service: String, reason: String)
    /// The table of films was there and is no more.
    case catalogueLost(store: String)
    /// A file that a service has to leave behind.
    case cannotWrite(path: String)
    /// What was read from the file of the state is not in it any more, or the file is gone.
    case stateLost(path: String)
    /// A change cannot be written down in the audit log, so it is not made.
    case cannotAudit
    /// The catalogue that comes with the program is not where it should be.
    case noCatalogue(tried: String)
    /// A variable of the environment that cannot be understood. Its value may be secret.
    case badVariable(name: String, allowed: String)
    /// Spark's job ended without what it was to make. `said` is its own last word.
    case sparkFailed(status: Int, said: String, log: String)
    /// A setting for Spark that cannot be taken.
    case badSparkSetting(name: String, reason: String)

    public var code: String {
        switch self {
        case .stopping: "stopping"
        case .notReady: "not-ready"
        case .catalogueLost: "catalogue-lost"
        case .cannotWrite: "cannot-write"
        case .stateLost: "state-lost"
        case .cannotAudit: "cannot-audit"
        case .noCatalogue: "no-catalogue"
        case .badVariable: "bad-variable"
        case .sparkFailed: "spark-failed"
        case .badSparkSetting: "bad-spark-setting"
        }
    }

    public var message: String {
        switch self {
        case .stopping: "The service is stopping."
        case .notReady(let service, let reason): "The service '\(service)' is not ready: \(reason)."
        case .catalogueLost(let store): "The store '\(store)' has no table of films any more."
        case .cannotWrite(let path): "Cannot write '\(path)'."
        case .stateLost(let path): "'\(path)' has lost what was read from it."
        case .cannotAudit: "The change was not made: it cannot be recorded."
        case .noCatalogue(let tried): "The demo catalogue \(tried) is neither here nor beside the program."
        case .badVariable(let name, let allowed): "The variable \(name) must be \(allowed)."
        case .sparkFailed(let status, let said, _):
            "The Spark job failed with status \(status): \(said.isEmpty ? "it said nothing" : said)."
        case .badSparkSetting(let name, let reason): "The setting \(name) is not passed on to Spark: \(reason)."
        }
    }

    public var advice: String {
        switch self {
        case .stopping: "Try again elsewhere or later."
        case .notReady: "It goes on trying; its log has the details."
        case .catalogueLost: "Restore it, or start the service with another --store."
        case .cannotWrite: "Check that its folder exists, and the permissions and free space there."
        case .stateLost: "Restore it, or start the server anew."
        case .cannotAudit: "Try again; its operator's log says why."
        case .noCatalogue: "Run this in the folder of the repository, or name a catalogue with --catalog FILE."
        case .sparkFailed(_, _, let log):
            "Nothing was published. Spark's own log is in \(log); docs/spark.md has what usually is wrong."
        case .badSparkSetting:
            "Give it as key=value, and secrets in Spark's own spark-defaults.conf or the environment (AWS_…)."
        case .badVariable: "Correct it, or take it out of the environment."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .stopping, .notReady, .cannotAudit, .sparkFailed: .unavailable
        case .catalogueLost, .stateLost, .noCatalogue: .notFound
        case .cannotWrite, .badVariable, .badSparkSetting: .usage
        }
    }

    public var status: Int? { nil }
    public var parameter: String? { nil }
}
