import Domain
import Foundation
import HTTPClient
import Operations
import TestSupport
import Testing

@testable import Delivery

/// What a mail looks like, read by Python's own parser.
@Suite struct MailMessageTests {
    @Test func addresses() throws {
        let named = try MailAddress(" Kino Café <films@example.org> ")
        #expect(named.address == "films@example.org" && named.name == "Kino Café")
        #expect(named.header == "=?UTF-8?B?S2lubyBDYWbDqQ==?= <films@example.org>")
        #expect(try MailAddress("a.b+c@xn--caf-dma.example").header == "a.b+c@xn--caf-dma.example")
        for bad in [
            "", "films", "@example.org", "films@", "a@b@c", "a b@example.org", "a@example..org", "a@-exa mple.org",
            "a@example.org\r\nBcc: b@example.org", "A\nB <a@example.org>", "é@example.org", "a@exämple.org",
            "a@example.org, b@example.org", "Ann <b@example.org> <a@example.org>", "a@example.org>\u{301}",
            "<a@example.org", "-x@example.org", ".a@example.org", "a.@example.org", "a..b@example.org", "a@-b.example",
            "a@b-.example", "a@127.0.0.1", "a@\(String(repeating: "b", count: 64)).example",
            "A\u{202E}n <a@example.org>",
            "A\u{2028}n <a@example.org>", "A\u{9B}n <a@example.org>",
            String(repeating: "a", count: 65) + "@example.org",
        ] {
            #expect(throws: DeliveryError.self, "\(bad)") { try MailAddress(bad) }
        }
    }

    @Test func anAddressIsReadAsItWasWrittenDown() throws {
        for text in ["films@example.org", "Kino Café, Paris <films@example.org>"] {
            let address = try MailAddress(text)
            #expect(try address.text == text && MailAddress(address.text) == address)
        }
    }

    @Test func noLineIsLongerThanItMayBe() throws {
        for (name, local) in [
            (String(repeating: "n", count: 40), 29), (String(repeating: "é", count: 100), 40), ("Ann", 60),
        ] {
            let text = "\(name) <\(String(repeating: "a", count: local))@example.org>"
            for header in ["To", "From"] {
                let lines = MailText.addressLine(header, try MailAddress(text)).split(separator: "\r\n")
                #expect(lines.allSatisfy { $0.utf8.count <= 78 }, "\(lines)")
                #expect(lines.dropFirst().allSatisfy { $0.hasPrefix(" ") })
            }
        }
        let line = MailText.addressLine(
            "To",
            try MailAddress("\(String(repeating: "n", count: 40)) <\(String(repeating: "a", count: 19))@example.org>"))
        #expect(line.contains("\r\n <a"), "one of 78 letters becomes two")
    }

    @Test func aTitleIsOneLineThatIsNotLong() throws {
        var entry = DigestEntry(
            DeliveredList(userID: "u", recommendationID: "r", modelID: "m", generatedAt: .now, items: []))
        entry.items = [String(repeating: "long ", count: 400), "turned \u{202E}around\u{200F}"].map {
            .init(id: "i", title: $0)
        }
        for digest in [
            DigestText(toUserOf: [entry], unsubscribe: "mailto:a@example.org"),
            DigestText(toOperator: [entry], more: 0, unsubscribe: "mailto:a@example.org"),
        ] {
            for text in [digest.text, digest.html] {
                #expect(text.split(separator: "\n").allSatisfy { $0.count < DigestText.longestLine + 20 })
                #expect(text.contains("…") && text.contains("turned  around ") && !text.contains("\u{202E}"))
            }
        }
    }

    @Test func aLinkToGetOutByHoldsTheToken() throws {
        var settings = DigestSettings(
            server: try MailServer("smtps://a"), from: try MailAddress("films@example.org"), operators: [])
        #expect(settings.unsubscribe("t1") == "mailto:films@example.org?subject=unsubscribe")
        settings.unsubscribe = "https://example.org/out?t={token}"
        #expect(settings.unsubscribe("t1") == "https://example.org/out?t=t1")
        #expect(settings.unsubscribe(nil) == "mailto:films@example.org?subject=unsubscribe")
        for bad in ["http://a/{token}", "https://a/", "https://a/{token}\r\nBcc: b@c", "https://a/{token}>"] {
            #expect(!DigestSettings.isUnsubscribeAddress(bad))
        }
    }

    @Test(.enabled(if: Checkout.python != nil, "needs .venv"))
    func pythonReadsWhatWasWritten() async throws {
        let titles = [
            "Amélie", "a=b", "tail ", ".", "..dot", String(repeating: "long ", count: 40), "🎬🎞️ films", "<b>&\"x\"</b>",
            "two\r\nBcc: other@example.org", "tab\there", "=?UTF-8?B?eA==?=", "From me",
        ]
        var entry = DigestEntry(
            DeliveredList(userID: "u", recommendationID: "r", modelID: "m", generatedAt: .now, items: []))
        entry.items = titles.map { .init(id: "i", title: $0) }
        let unsubscribe = "https://example.org/out?user=u&a=b%40example.org"
        let digest = DigestText(toUserOf: [entry], unsubscribe: unsubscribe)
        for subject in ["plain", "Été: \(titles[6]) and \(titles[5])", "two\r\nBcc: other@example.org", titles[10]] {
            let mail = MailMessage(
                from: try MailAddress("Kino Café, Paris <films@example.org>"), to: try MailAddress("ann@example.org"),
                subject: subject, date: Timestamp(seconds: 1_800_000_000), id: "0b7c-1@example.org", text: digest.text,
                html: digest.html, unsubscribe: unsubscribe)
            let code = """
                import sys, json, base64, email, email.policy
                raw = base64.b64decode(sys.argv[1])
                assert all(len(line) <= 76 or b"ist-Unsubscribe" in line for line in raw.split(b"\\r\\n")), raw
                assert all(byte < 128 for byte in raw) and b"\\n" not in raw.replace(b"\\r\\n", b"")
                mail = email.message_from_bytes(raw, policy=email.policy.default)
                parts = list(mail.walk())
                assert not any(part.defects for part in parts)
                assert [part.get_content_type() for part in parts] == ["multipart/alternative", "text/plain", "text/html"]
                assert mail["Bcc"] is None and len(mail.keys()) == 10, mail.keys()
                assert mail["From"].addresses[0].display_name == "Kino Café, Paris", mail["From"]
                assert mail["Date"].datetime.timestamp() == 1800000000
                print(json.dumps([mail["Subject"], mail["Message-ID"], mail["List-Unsubscribe"],
                    mail["List-Unsubscribe-Post"], parts[1].get_content(), parts[2].get_content()]))
                """
            let (status, output) = try await runPython(code, [Data(mail.bytes).base64EncodedString()])
            try #require(status == 0, "\(output)")
            let found = try JSONDecoder().decode([String].self, from: Data(output.utf8))
            #expect(
                found[0] == subject.replacing("\r\n", with: "  ") || found[0] == subject.replacing("\r\n", with: " "))
            #expect(found[1] == "<0b7c-1@example.org>" && found[2] == "<\(unsubscribe)>")
            #expect(found[3] == "List-Unsubscribe=One-Click")
            // Lines of a mail end in CR LF.
            #expect(found[4].replacing("\r\n", with: "\n") == digest.text)
            #expect(found[5].replacing("\r\n", with: "\n") == digest.html)
        }
        #expect(digest.html.contains("&lt;b&gt;") && !digest.html.contains("<b>"))
    }

    @Test func serversAreNamedWithoutSecrets() throws {
        let server = try MailServer("smtps://ann%40example.org@Mail.example.org", password: "pass word")
        #expect("\(server)" == "smtps://mail.example.org:465" && server.protection == .tls)
        #expect(try MailServer("smtp://mail.example.org:2525/our.name").protection == .startTLS)
        #expect("\(try MailServer("smtps://[::1]:4650"))" == "smtps://[::1]:4650")
        #expect("\(try MailServer("smtps://[::1]"))" == "smtps://[::1]:465")
        // Whatever of a password is not encoded, none of it is named.
        for url in [
            "smtps://u:sesame@host", "smtps://u:ses/ame@host", "smtps://u:1/sesame@host", "smtps://u:ses@me@host",
            "smtps://u:ses:ame@host", "smtps://u:ses#ame@host", "smtps://u:ses?ame@host", "smtps://host:sesame",
        ] {
            let error = #expect(throws: MailError.self, "\(url)") { try MailServer(url, password: "p") }
            #expect(error?.message.contains("ses") == false && error?.advice.contains("%40") == true, "\(url)")
        }
        for (url, user, password, plain) in [
            ("http://a", nil, nil, false), ("smtps://", nil, nil, false), ("smtps://u:p@a", nil, nil, false),
            ("smtps://a b", nil, nil, false), ("smtps://u@a", nil, nil, false), ("smtps://a", nil, "p", false),
            ("smtps://a:0", nil, nil, false), ("smtps://a:65536", nil, nil, false), ("smtps://a:", nil, nil, false),
            ("smtps://[::1", nil, nil, false), ("smtps://@a", nil, "p", false), ("smtps://%zz@a", nil, "p", false),
            ("smtp://u@a", nil, "p", true), ("smtps://a", "u\r\nx", "p", false), ("smtps://a/x\r\ny", nil, nil, false),
        ] as [(String, String?, String?, Bool)] {
            #expect(throws: MailError.self, "\(url)") {
                try MailServer(url, user: user, password: password, allowsPlain: plain)
            }
        }
    }
}
