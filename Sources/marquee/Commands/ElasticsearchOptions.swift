import Catalog
import Domain
import HTTPClient
import Operations

/// The options of the commands that speak to a search service.
enum ElasticsearchOptions {
    static let authority = Option<String>.authority(
        "elasticsearch-ca", "PEM file of the authority that the cluster's certificate is from, as http_ca.crt.")

    /// Where and who; the index is apart.
    static let all: [OptionSpec] = [
        Options.elasticsearch.spec, Options.elasticsearchUser.spec, Options.elasticsearchPassword.spec,
        Options.elasticsearchAPIKey.spec, authority.spec,
    ]

    /// The client that the options describe; nil without an address.
    /// - Throws: ``CatalogError`` for an address or an index name that cannot be one; ``CommandLineError``.
    static func client(_ invocation: Invocation, index: String, queryDeadline: Duration) throws -> ElasticsearchClient?
    {
        guard let url = invocation.optional(Options.elasticsearch) else { return nil }
        var credentials = HTTPCredentials.none
        if let key = invocation.optional(Options.elasticsearchAPIKey) {
            Secrets.register(key)
            try invocation.refuse([Options.elasticsearchUser.spec], beside: Options.elasticsearchAPIKey.spec)
            credentials = .apiKey(key)
        } else if let user = invocation.optional(Options.elasticsearchUser) {
            let password = try invocation.value(Options.elasticsearchPassword)
            Secrets.register(password)
            credentials = .basic(user: user, password: password)
        }
        var configuration = try ElasticsearchClient.Configuration(url: url, credentials: credentials)
        configuration.index = index
        configuration.queryDeadline = queryDeadline
        configuration.http.certificateAuthority = invocation.optional(authority)
        try configuration.checkIndexName()
        return ElasticsearchClient(configuration)
    }
}
