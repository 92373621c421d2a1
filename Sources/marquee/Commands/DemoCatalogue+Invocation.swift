import Domain
import Platform

extension DemoCatalogue {
    /// The films of `--catalog`, or those of the demo catalogue.
    static func films(_ invocation: Invocation) async throws -> [Movie] {
        try await films(at: invocation.optional(Options.catalog) ?? find())
    }
}
