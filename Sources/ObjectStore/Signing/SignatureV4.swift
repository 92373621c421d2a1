internal import Domain
internal import Foundation
internal import Operations

/// AWS Signature Version 4 of one request: header form, with the hash of the payload.
///
/// The path is encoded once, as S3 has it and no other service of AWS. The steps are properties of their own, because
/// AWS publishes the expected text of each.
struct SignatureV4 {
    /// In upper case.
    var method: String
    /// Encoded, from the first `/` on.
    var path: String
    /// Encoded names and values, in any order.
    var query: [(name: String, value: String)] = []
    /// All of them are signed; `host`, `x-amz-date` and `x-amz-content-sha256` are among them.
    var headers: [(name: String, value: String)]
    /// SHA-256 of the body, in hexadecimal digits.
    var payloadHash: String
    var time: Timestamp
    var region: String
    var service = "s3"

    /// The scope in which the signing key holds: a day, a region, a service.
    private var scope: String { "\(Self.text(of: time).prefix(8))/\(region)/\(service)/aws4_request" }

    private var canonicalHeaders: [(name: String, value: String)] {
        headers.map { ($0.name.lowercased(), Self.trimmed($0.value)) }.sorted { $0.name < $1.name }
    }

    private var signedHeaders: String { canonicalHeaders.map(\.name).joined(separator: ";") }

    var canonicalRequest: String {
        let sorted = query.sorted { ($0.name, $0.value) < ($1.name, $1.value) }
        var lines = [method, path, sorted.map { "\($0.name)=\($0.value)" }.joined(separator: "&")]
        lines += canonicalHeaders.map { "\($0.name):\($0.value)" }
        lines += ["", signedHeaders, payloadHash]
        return lines.joined(separator: "\n")
    }

    var stringToSign: String {
        ["AWS4-HMAC-SHA256", Self.text(of: time), scope, Digest.sha256(canonicalRequest).hex].joined(separator: "\n")
    }

    /// The signature, in hexadecimal digits.
    func signature(secret: String) -> String {
        var key = Array("AWS4\(secret)".utf8)
        for part in scope.split(separator: "/") { key = Digest.hmacSHA256(Array(part.utf8), key: key).bytes }
        return Digest.hmacSHA256(Array(stringToSign.utf8), key: key).hex
    }

    /// The value of the `Authorization` header.
    func authorization(key: String, secret: String) -> String {
        "AWS4-HMAC-SHA256 Credential=\(key)/\(scope),SignedHeaders=\(signedHeaders),"
            + "Signature=\(signature(secret: secret))"
    }

    /// `20130524T000000Z`
    static func text(of time: Timestamp) -> String {
        Timestamp(seconds: time.seconds).description.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }

    /// Spaces at the ends go, and runs of them become one.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}

/// Percent-encoding as signatures need it: everything but letters, digits and `-._~`, in upper case.
enum URIText {
    /// - Parameter slash: whether `/` is encoded too, as in queries, or left, as in paths.
    static func encoded(_ text: String, slash: Bool) -> String {
        var result: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.append(byte)
            case UInt8(ascii: "/") where !slash: result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Undoes the encoding of listings, in which a space may be `+`. Nil if it is none.
    static func decoded(_ text: String) -> String? {
        text.replacing("+", with: "%20").removingPercentEncoding
    }
}
