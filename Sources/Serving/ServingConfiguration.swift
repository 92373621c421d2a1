public import HTTPServer

/// How to serve. The defaults are those of `marquee serve`.
public struct ServingConfiguration: Sendable {
    public var http: HTTPServerConfiguration
    /// What `/version` says.
    public var version: String
    public var weights = BlendWeights()
    /// How long an answer waits for content similarity before it goes out without.
    public var contentDeadline: Duration = .milliseconds(150)
    /// How often to look for a newly promoted model.
    public var modelInterval: Duration = .milliseconds(500)
    /// How long requests at work may go on after the stop was asked for.
    public var grace: Duration = .seconds(10)

    public init(http: HTTPServerConfiguration = HTTPServerConfiguration(), version: String) {
        self.http = http
        self.version = version
    }
}
