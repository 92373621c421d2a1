import Domain
import Foundation
import Testing

@testable import Operations

@Suite struct LogTests {
    let time = Timestamp("2026-11-20T12:00:00.25Z")!

    @Test func aTextLineHasTimeLevelRoomAndFields() {
        let line = Log.line(.info, room: "ingest", "committed", ["rows": 5, "path": "a b"], at: time, as: .text)
        #expect(line == "2026-11-20T12:00:00.250Z info    ingest: committed rows=5 path=\"a b\"")
    }

    @Test func jsonLineKeepsTypesAndParses() throws {
        let line = Log.line(
            .warning, room: "http", "a \"quoted\"\nline", ["n": 3, "ok": true, "x": 0.5, "nan": Double.nan], at: time,
            as: .json)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["message"] as? String == "a \"quoted\"\nline")
        #expect(object["n"] as? Int == 3)
        #expect(object["ok"] as? Bool == true)
        #expect(object["x"] as? Double == 0.5)
        #expect(object["nan"] as? String == "nan")
        #expect(object["level"] as? String == "warning")
    }

    @Test func aLineNeverHoldsALineFeedOrAnEscape() {
        let line = Log.line(.error, room: "x", "a\nb\u{1B}[2J", ["k": "c\nd"], at: time, as: .text)
        #expect(!line.contains("\n"))
        #expect(!line.contains("\u{1B}"))
    }

    @Test(arguments: ["kafka.sasl.password", "api_key", "API-Key", "auth_token", "client_secret"])
    func namesOfSecretsAreKnown(name: String) {
        #expect(Secrets.isSecret(name: name))
        let line = Log.line(.info, room: "x", "m", [:], at: time, as: .text)
        #expect(!line.contains("hunter2"))
    }

    @Test func registeredValuesAndPasswordsInAddressesAreMasked() {
        Secrets.register("s3cr3t-value")
        for format in Log.Format.allCases {
            let line = Log.line(
                .info, room: "x", "using s3cr3t-value", ["url": "http://me:pass@host:9200/x", "password": "p"],
                at: time,
                as: format)
            #expect(!line.contains("s3cr3t-value"))
            #expect(!line.contains("pass@"))
            #expect(line.contains("host:9200/x"))
            #expect(line.contains("using \(Secrets.mask)"))
        }
        #expect(
            Secrets.masked("smtps://u:a/b@host and https://t0k3n-of-somebody@host, http://host:80/@x")
                == "smtps://\(Secrets.mask)@host and https://\(Secrets.mask)@host, http://host:80/@x")
        // An example that cannot be copied is none.
        #expect(Secrets.masked("write postgresql://user@host:5432/x") == "write postgresql://user@host:5432/x")
        // Letters alone may be a token, where a scheme takes one.
        #expect(Secrets.masked("https://lettersalone@host/x") == "https://\(Secrets.mask)@host/x")
    }
}
