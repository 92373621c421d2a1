internal import Domain
internal import Foundation

/// One mail with a text for people, and the same for programs that show HTML.
struct MailMessage {
    var from: MailAddress
    var to: MailAddress
    var subject: String
    var date: Timestamp
    /// `name@domain`, the same however often it is sent: by it a receiver's server, or reader, knows a second one.
    var id: String
    var text: String
    var html: String
    /// How to get no more of them: an `https:` address, or a `mailto:`.
    var unsubscribe: String

    /// The whole of it, in lines that end in CR LF (RFC 5322, 2046).
    var bytes: [UInt8] {
        let boundary = "=_\(id.prefix { $0 != "@" })"
        var lines = [
            "Date: \(Self.date(date))", MailText.addressLine("From", from), MailText.addressLine("To", to),
            "Subject: \(MailText.unstructured(subject))", "Message-ID: <\(id)>", "MIME-Version: 1.0",
            "Auto-Submitted: auto-generated", "List-Unsubscribe: <\(unsubscribe)>",
        ]
        // One click is a POST to an address (RFC 8058).
        if unsubscribe.hasPrefix("https://") { lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click") }
        lines.append("Content-Type: multipart/alternative;\r\n boundary=\"\(boundary)\"")
        var bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        // The richest comes last.
        for (type, body) in [("text/plain", text), ("text/html", html)] {
            bytes += "--\(boundary)\r\nContent-Type: \(type); charset=utf-8\r\n".utf8
            bytes += "Content-Transfer-Encoding: quoted-printable\r\n\r\n".utf8
            bytes += MailText.quotedPrintable(body)
            bytes += "\r\n".utf8
        }
        return bytes + Array("--\(boundary)--\r\n".utf8)
    }

    private static func date(_ time: Timestamp) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss"
        return format.string(from: Date(timeIntervalSince1970: Double(time.seconds))) + " +0000"
    }
}
