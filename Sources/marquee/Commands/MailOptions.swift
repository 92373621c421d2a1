import Delivery
import Domain
import Foundation
import HTTPClient
import Operations

/// Whether `deliver` mails digests, and how.
enum MailOptions {
    static let specs = [
        smtp.spec, user.spec, password.spec, passwordFile.spec, authority.spec, plain.spec, from.spec, to.spec,
        digest.spec, rate.spec, attempts.spec, pause.spec, unsubscribe.spec,
    ]

    private static let smtp = Option<String>.text(
        "smtp", "URL", "Mail digests of new lists by this server: smtps://user@host, or smtp:// with STARTTLS.")
    private static let user = Option<String>.text("smtp-user", "NAME", "User of the server, if not in the address.")
    private static let password = Option<String>.text("smtp-password", "TEXT", "Its password.").neverTyped
    private static let passwordFile = Option<String>.text(
        "smtp-password-file", "FILE", "A file whose first line is its password; or set MARQUEE_SMTP_PASSWORD.")
    private static let authority = Option<String>.authority(
        "smtp-ca", "Trust the authorities of this PEM file instead of the system's.")
    private static let plain = Option<Bool>.flag(
        "smtp-plain", "smtp:// without TLS, and without a password: for a server on this machine.")
    private static let from = Option<String>.text(
        "mail-from", "ADDRESS", "Who sends, such as 'Films <films@example.org>'.")
    private static let to = Option<[String]>.list(
        "mail-to", "ADDRESS,…", "Operators who get a digest of all users' new lists.")
    private static let digest = Option<Double>.seconds(
        "digest-every", default: "1d", "How often: at multiples of this time, counted in UTC.")
    private static let rate = Option<Int>.integer(
        "mail-rate", in: 1...6000, default: 60, "Mails a minute at most, restarts included.")
    private static let attempts = Option<Int>.integer(
        "mail-attempts", in: 1...100, default: 15, "Attempts before a mail is given up.")
    private static let pause = Option<Double>.seconds(
        "mail-pause", default: "10s", "Pause before the second attempt; it doubles from there.")
    private static let unsubscribe = Option<String>(
        "unsubscribe-url", "URL",
        "Where a subscriber gets out by one click; {token} is filled in. Without it, by a mail to the sender.",
        must: "be an https:// address of up to 400 characters with {token} in it"
    ) { DigestSettings.isUnsubscribeAddress($0) ? $0 : nil }

    /// The digests, kept in a state; nil without `--smtp`.
    /// - Throws: `MailError`, `DeliveryError`, and for options that are missing.
    static func service(_ invocation: Invocation, _ state: StateDatabase) throws -> DigestService? {
        guard let address = invocation.optional(smtp) else {
            try invocation.refuse(specs, without: smtp)
            return nil
        }
        let server = try MailServer(
            address, user: invocation.optional(user), password: try password(invocation),
            allowsPlain: try invocation.value(plain), certificateAuthority: invocation.optional(authority))
        // Without operators it is for those who subscribe, now or later.
        let operators = try (invocation.optional(to) ?? []).map { try MailAddress($0) }
        var settings = DigestSettings(
            server: server, from: try MailAddress(try invocation.value(from)), operators: operators)
        settings.interval = max(1, try invocation.value(digest))
        settings.rate = try invocation.value(rate)
        settings.attempts = try invocation.value(attempts)
        settings.firstPause = .seconds(try invocation.value(pause))
        settings.unsubscribe = invocation.optional(unsubscribe)
        return DigestService(settings, state: state)
    }

    /// No log line shows it from now on.
    private static func password(_ invocation: Invocation) throws -> String? {
        var found = invocation.optional(password)
        if let path = invocation.optional(passwordFile) {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw DeliveryError.unreadableSecrets(
                    path: path, reason: "it is not there, may not be read, or is no text")
            }
            found = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).first.map {
                $0.trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }
        if let found { Secrets.register(found) }
        return found?.isEmpty == true ? nil : found
    }
}
