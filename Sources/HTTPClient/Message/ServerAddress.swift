/// Scheme, host and port of a URL: what may be named in errors and logs, and what a breaker guards.
struct ServerAddress: Equatable {
    let text: String

    /// - Throws: ``HTTPClientError/malformedRequest(reason:)`` for anything but `http(s)://host[:port][/…]` in
    ///   printable ASCII. The reason never quotes the URL, which may hold a secret.
    init(of url: String) throws {
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw HTTPClientError.malformedRequest(reason: "the URL holds characters that must be percent-encoded")
        }
        guard let separator = url.firstRange(of: "://"),
            ["http", "https"].contains(url[..<separator.lowerBound].lowercased())
        else { throw HTTPClientError.malformedRequest(reason: "the URL does not start with http:// or https://") }
        let authority = url[separator.upperBound...].prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else {
            throw HTTPClientError.malformedRequest(reason: "the URL holds credentials, which belong in the request")
        }
        guard !authority.isEmpty, !authority.hasPrefix(":") else {
            throw HTTPClientError.malformedRequest(reason: "the URL names no host")
        }
        text = "\(url[..<separator.lowerBound].lowercased())://\(authority.lowercased())"
    }
}

extension HTTPRequest {
    /// A line break inside a header would let its value add headers of its own.
    func checkHeaders() throws {
        for header in headers {
            guard !header.name.isEmpty,
                header.name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3A && $0 != 0x3B })
            else { throw HTTPClientError.malformedRequest(reason: "a header name is empty or holds odd characters") }
            guard header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw HTTPClientError.malformedRequest(reason: "the header \(header.name) holds control characters")
            }
        }
        let secrets: [String] =
            switch credentials {
            case .none: []
            case .basic(let user, let password): [user, password]
            case .apiKey(let key): [key]
            case .bearer(let token): [token]
            }
        guard secrets.allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }) else {
            throw HTTPClientError.malformedRequest(reason: "the credentials hold control characters")
        }
    }
}
