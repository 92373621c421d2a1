import Foundation
public import HTTPClient
import Kafka

/// Where a schema registry is, and who asks it.
public struct RegistryAddress: Sendable {
    /// Without a trailing slash, and without user and password: it stands in messages for people.
    public let url: String
    public var credentials: HTTPCredentials

    /// - Parameter url: may carry the user: `https://user:password@host:8081`, both in percent form.
    public init(url: String) {
        var text = url.hasSuffix("/") ? String(url.dropLast()) : url
        credentials = .none
        if let scheme = text.range(of: "://") {
            let host = text[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            if let at = host.lastIndex(of: "@") {
                credentials = Self.basic(host[..<at]) { $0.removingPercentEncoding ?? $0 }
                text.removeSubrange(host.startIndex...at)
            }
        }
        self.url = text
    }

    /// Of a properties file, by the names of Confluent's clients: `schema.registry.url`, and where
    /// `basic.auth.credentials.source` is `USER_INFO`, `basic.auth.user.info` as `user:password`; both also with
    /// `schema.registry.` before them. The source may be left out where there is a user.
    /// - Returns: nil without a URL.
    /// - Throws: ``KafkaError/invalidProperty(name:reason:)`` for another source, and for a user that is missing.
    public init?(_ properties: [String: String]) throws {
        func value(_ name: String) -> String? { properties["schema.registry." + name] ?? properties[name] }
        guard let url = properties["schema.registry.url"] else { return nil }
        self.init(url: url)
        let info = value("basic.auth.user.info")
        let name = "basic.auth.credentials.source"
        switch value(name) {
        case nil where info == nil, "URL": break
        case nil, "USER_INFO":
            guard let info, info.contains(":") else {
                throw KafkaError.invalidProperty(
                    name: "basic.auth.user.info", reason: "it must be user:password")
            }
            credentials = Self.basic(info[...]) { $0 }
        case .some:
            throw KafkaError.invalidProperty(name: name, reason: "it must be URL or USER_INFO")
        }
    }

    /// Of `user:password`; the password may contain colons.
    private static func basic(_ text: Substring, _ decode: (String) -> String) -> HTTPCredentials {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return .basic(user: decode(String(parts[0])), password: parts.count == 2 ? decode(String(parts[1])) : "")
    }
}
