public import HTTPServer

/// What a service tells of itself to whoever watches the process: each part is asked when somebody asks the process.
public struct ServiceStatus: Sendable {
    /// The service's name, as in the log.
    public let service: String
    /// Why the service cannot do its work just now, in half a sentence without a full stop; nil if it can. Must not
    /// block: it is called on a thread that answers requests.
    public var obstacle: @Sendable () -> String? = { nil }
    /// What does not work while the rest goes on: the name of a part, what answers call it, and half a sentence that says
    /// why.
    public var impairments: @Sendable () -> [(part: String, degraded: String, reason: String)] = { [] }
    /// What `/version` says beside the program's: names, and values as JSON.
    public var facts: @Sendable () -> [(name: String, json: [UInt8])] = { [] }
    /// What ``facts`` may be.
    public var factSchemas: [JSONSchema.Member] = []
    /// Brings metrics up to date that are shown next.
    public var refresh: @Sendable () -> Void = {}

    /// A service that is ready whenever the process lives, and has nothing to add.
    public init(of service: String) { self.service = service }
}
