import Synchronization

/// Hands mails to a server, one after the other, over a connection that is kept while they follow each other.
public final class MailTransport: Sendable {
    private let server: MailServer
    private let timeout: Duration
    private let session = Mutex<MailSession?>(nil)

    /// Connects to nothing yet.
    /// - Parameter timeout: for the whole of one mail.
    public init(_ server: MailServer, timeout: Duration = .seconds(300)) {
        self.server = server
        self.timeout = timeout
    }

    /// Hands one mail over, and returns once the server has taken it. Blocks.
    /// - Parameters:
    ///   - message: with its headers, in lines that end in CR LF.
    ///   - sender: the address alone, as the envelope has it.
    ///   - receiver: the same.
    ///   - isUnwanted: asked about once a second until the mail's own bytes are sent.
    ///   - mayFinish: asked once, before the last of the mail's bytes. Until then the server cannot have taken it; after
    ///     that it may, whatever becomes of this process. False breaks it off.
    /// - Throws: ``MailError``.
    public func send(
        _ message: [UInt8], from sender: String, to receiver: String,
        isUnwanted: @escaping @Sendable () -> Bool = { false }, mayFinish: @escaping @Sendable () -> Bool = { true }
    ) throws(MailError) {
        try perform { $0.mail(message, from: sender, to: receiver, isUnwanted, mayFinish) }
    }

    /// Connects and logs in, and sends nothing. Blocks.
    /// - Parameter isUnwanted: asked about once a second.
    /// - Throws: ``MailError``.
    public func check(isUnwanted: @escaping @Sendable () -> Bool = { false }) throws(MailError) {
        try perform { $0.greet(isUnwanted) }
    }

    /// Says good-bye. Blocks until the server does, too, or for two minutes.
    public func close() { session.withLock { $0 = nil } }

    private func perform(_ prepare: (MailSession) -> Void) throws(MailError) {
        let failure = session.withLock { held -> MailError? in
            guard let session = held ?? MailSession(server, timeout: timeout) else {
                return .cannotConnect(server: server.server, reason: "libcurl is out of memory")
            }
            prepare(session)
            let failure = session.perform()
            // After trouble nothing is kept.
            held = failure == nil ? session : nil
            return failure
        }
        if let failure { throw failure }
    }
}
