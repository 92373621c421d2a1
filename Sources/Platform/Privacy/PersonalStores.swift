public import Catalog
internal import Delivery
public import Domain
internal import EventIngest
public import Operations
public import PostgreSQL
public import Store
public import Trainer

/// Every place of a deployment that keeps something about persons, as its rooms declare them.
public struct PersonalStores: Sendable {
    /// In the order in which they are erased: what others are made of comes first.
    public let all: [any PersonalStore]

    /// The places of a deployment; nothing is opened yet.
    /// - Parameters:
    ///   - elasticsearch: nil where no search service is used.
    ///   - postgres: nil where nothing is delivered to a database.
    public init(
        store: EventStore, registry: ModelRegistry, state: StateDatabase, elasticsearch: ElasticsearchClient? = nil,
        postgres: PostgresAddress? = nil
    ) {
        var all: [any PersonalStore] = EventIngest.PersonalTable.all(of: store)
        all.append(PersonalModels(registry))
        if let elasticsearch { all.append(PersonalDocuments(elasticsearch)) }
        if let postgres { all.append(PersonalRows(postgres)) }
        all.append(PersonalState(state))
        all.append(PersonalTopics())
        self.all = all
    }

    /// What has no person in it, and why: a table that is in neither list makes a test fail.
    public static let withoutPersons: [String: String] = [
        TableContract.movies.name: "films", TableContract.quality.name: "what is wrong with films",
        TableContract.filmStatistics.name: "sums over all users", "state.keys": "keys of programs",
        "state.leases": "processes of this deployment", "state.job_states": "what jobs remember",
        "state.job_runs": "runs of jobs", "state.delivery_offsets": "places in Kafka",
        "state.delivery_marks": "what deliverers remember",
        "state.pseudonym_key": "which key users' pseudonyms in it are of",
        "state.privacy_key": "the key of the digests beside it",
        "postgresql.films": "films", "postgresql.offsets": "places in Kafka",
        "postgresql.schema_version": "steps of the schema",
    ]
}
