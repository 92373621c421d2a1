public import Domain
internal import Operations

/// What proves that a webhook comes from who knows the secret, and when it was sent.
///
///     Marquee-Signature: t=1800000000,v1=5257a869…,v1=0b7c1d22…
///
/// `t` is in seconds since 1970. Each `v1` is HMAC-SHA-256 of `t`, a full stop and the body, by one of the secrets, in
/// hexadecimal digits. A receiver computes its own, compares in constant time, and refuses a `t` more than
/// ``replayWindow`` away from its clock.
public enum WebhookSignature {
    /// The header that has it.
    public static let header = "Marquee-Signature"
    /// How far a time may be away from the receiver's clock, and how long it has to remember ids of deliveries.
    public static let replayWindow = Duration.seconds(300)

    /// The header's value.
    public static func value(of body: [UInt8], at time: Timestamp, secrets: [WebhookSecret]) -> String {
        let signed = Array("\(time.seconds).".utf8) + body
        return "t=\(time.seconds)"
            + secrets.map { ",v1=\(Digest.hmacSHA256(signed, key: $0.key).hex)" }.joined()
    }
}
