public import Domain

/// How much of a mail its server had when the exchange ended.
public enum MailExtent: Sendable, Equatable {
    /// It had not been asked to take it.
    case nothing
    /// It had been asked, and cannot have taken it.
    case part
    /// All of it was sent and only the answer is missing: it may have arrived.
    case whole
}

/// Why a mail was not taken.
public enum MailError: Fault, Equatable {
    case badServer(reason: String)
    /// No connection: the name is unknown, nothing listens, the network is down.
    case cannotConnect(server: String, reason: String)
    /// The certificate is not to be trusted, or TLS could not be agreed on.
    case untrusted(server: String, reason: String)
    /// The server offers no STARTTLS.
    case unprotected(server: String)
    case loginRefused(server: String, reply: String)
    /// The server is there and does not take part: 421, or a greeting that is none.
    case notNow(server: String, reply: String)
    /// It did not answer in time.
    case silent(server: String, extent: MailExtent)
    /// The connection broke, or the server hung up.
    case lost(server: String, reason: String, extent: MailExtent)
    /// This mail was refused: for now (4xx), or for good (5xx).
    case refused(server: String, reply: String, isPermanent: Bool)
    case stopped

    public var code: String {
        switch self {
        case .badServer: "bad-mail-server"
        case .cannotConnect: "mail-cannot-connect"
        case .untrusted: "mail-untrusted"
        case .unprotected: "mail-unprotected"
        case .loginRefused: "mail-login-refused"
        case .notNow: "mail-server-not-now"
        case .silent: "mail-server-silent"
        case .lost: "mail-connection-lost"
        case .refused: "mail-refused"
        case .stopped: "mail-stopped"
        }
    }

    public var message: String {
        switch self {
        case .badServer(let reason): "No mail can be sent by this server: \(reason)."
        case .cannotConnect(let server, let reason): "Cannot connect to \(server): \(reason)."
        case .untrusted(let server, let reason): "No trusted connection to \(server): \(reason)."
        case .unprotected(let server): "\(server) offers no STARTTLS."
        case .loginRefused(let server, let reply): "\(server) refuses user and password: \(reply)."
        case .notNow(let server, let reply): "\(server) takes no mail now: \(reply)."
        case .silent(let server, let extent):
            "\(server) did not answer in time\(extent == .whole ? "; the mail may have arrived" : "")."
        case .lost(let server, let reason, let extent):
            "The connection to \(server) broke: \(reason)\(extent == .whole ? "; the mail may have arrived" : "")."
        case .refused(let server, let reply, _): "\(server) refuses the mail: \(reply)."
        case .stopped: "Sending was stopped."
        }
    }

    public var advice: String {
        switch self {
        case .badServer:
            """
            Give an address such as smtps://user@mail.example.org:465, an @ of the user as %40, and the password in \
            MARQUEE_SMTP_PASSWORD or --smtp-password-file.
            """
        case .cannotConnect: "Check that the address is right and the server is running."
        case .untrusted: "Check its certificate, or name its authority with --smtp-ca; it is always verified."
        case .unprotected: "Use smtps://, or --smtp-plain for a server on this machine."
        case .loginRefused: "Check --smtp-user and the password, in MARQUEE_SMTP_PASSWORD or --smtp-password-file."
        case .notNow, .silent, .lost: "Check the server's load and log."
        case .refused: "Check sender and receiver."
        case .stopped: ""
        }
    }

    public var category: FaultCategory {
        switch self {
        case .badServer: .usage
        case .refused: .badData
        default: .unavailable
        }
    }

    /// Whether the exchange ended after the server was asked to take the mail, and before it had the whole of it: then the
    /// server may have gone, or may not bear this one mail.
    public var endedWithin: Bool {
        switch self {
        case .silent(_, .part), .lost(_, _, .part): true
        default: false
        }
    }

    /// Whether the server, not this one mail, is what is wrong: then no mail would fare better now.
    public var isAboutServer: Bool {
        switch self {
        case .badServer, .cannotConnect, .untrusted, .unprotected, .loginRefused, .notNow, .stopped: true
        case .silent(_, let extent), .lost(_, _, let extent): extent == .nothing
        case .refused: false
        }
    }
}
