public import Foundation

/// A mail server for tests: aiosmtpd by `Tests/Independent/mail/server.py`. It ends with this object, or with the test program.
public final class MailServerProcess: Sendable {
    public static let user = "marquee"
    public static let password = "right-password"
    private let process: ChildProcess
    private let folder: URL
    public let port: Int

    /// Whether the virtual environment has aiosmtpd; tests without it are skipped.
    public static let isAvailable: Bool = {
        guard let python = Checkout.python else { return false }
        let library = python.deletingLastPathComponent().deletingLastPathComponent().appending(path: "lib")
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: library.path)) ?? []
        return versions.contains {
            FileManager.default.fileExists(atPath: library.appending(path: "\($0)/site-packages/aiosmtpd").path)
        }
    }()

    public static let needed: String = "there is no aiosmtpd: make venv"

    /// - Parameters:
    ///   - folder: keeps authority and mails over several servers.
    ///   - arguments: see the script.
    public init(in folder: URL, _ arguments: [String] = []) async throws {
        guard let python = Checkout.python else { throw MarqueeProcess.Failure(description: "there is no .venv") }
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let output = folder.appending(path: "\(UUID()).out")
        let errors = folder.appending(path: "\(UUID()).err")
        let script = Checkout.root.appending(path: "Tests/Independent/mail/server.py").path
        process = try ChildProcess(python.path, [script, folder.path] + arguments, output: output, errors: errors)
        let end = ContinuousClock.now + .seconds(120)
        while true {
            let text = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
            if let line = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().first {
                port = Int(line.dropFirst("listening on ".count)) ?? 0
                return
            }
            guard process.end == nil, ContinuousClock.now < end else {
                process.signal(SIGKILL)
                let text = (try? String(contentsOf: errors, encoding: .utf8)) ?? ""
                throw MarqueeProcess.Failure(description: "server.py never listened: \(text.suffix(2000))")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    deinit { stop() }

    /// Ends it at once, and returns when it is gone.
    public func stop() { process.kill() }

    /// Of the authority that its certificate is from.
    public var authority: String { folder.appending(path: "ca.pem").path }

    /// One mail that was given to it whole.
    public struct Mail: Decodable, Sendable {
        public let from: String
        public let to: [String]
        /// What it was answered.
        public let reply: String
        public let tls: Bool
        public let user: String?
        private let mail: Data

        /// Headers and body.
        public var text: String { String(decoding: mail, as: UTF8.self) }

        /// A header that stands on one line.
        public func header(_ name: String) -> String? {
            text.split(separator: "\r\n").first { $0.hasPrefix("\(name): ") }.map {
                String($0.dropFirst(name.count + 2))
            }
        }
    }

    /// A mail as Python's email package reads it.
    public struct Reading: Decodable, Sendable {
        public let id: String
        public let subject: String
        public let date: String
        public let unsubscribe: String
        /// `List-Unsubscribe-Post`; empty if there is none.
        public let post: String
        public let to: [String]
        public let text: String
        public let html: String
    }

    /// Every mail so far, read and checked by `Tests/Independent/mail/read.py`.
    public func read() async throws -> [Reading] {
        guard !mails.isEmpty, let python = Checkout.python else { return [] }
        let script = Checkout.root.appending(path: "Tests/Independent/mail/read.py").path
        let (status, output) = try await runCommand(python.path, [script, folder.appending(path: "mails.jsonl").path])
        guard status == 0 else { throw MarqueeProcess.Failure(description: "read.py: \(output.suffix(2000))") }
        return try JSONDecoder().decode([Reading].self, from: Data(output.utf8))
    }

    /// Every mail so far, in the order in which they came.
    public var mails: [Mail] {
        let text = (try? String(contentsOf: folder.appending(path: "mails.jsonl"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Mail.self, from: Data($0.utf8)) }
    }
}
