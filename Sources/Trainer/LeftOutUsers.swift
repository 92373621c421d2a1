/// Users whose events a training leaves out, since they object to it or are being erased. Nobody is named.
public struct LeftOutUsers: Codable, Hashable, Sendable {
    public var users = 0
    /// Of them all.
    public var events = 0

    public init() {}
}
