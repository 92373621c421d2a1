internal import Catalog
public import Delivery
public import Domain
public import Operations
public import Serving
public import Trainer

/// Fresh lists of the model in service: the same pipeline as `marquee serve` answers with, without a port.
public struct DeliveryLists: ListSource {
    /// What makes the lists.
    public let service: RecommendationService
    private let follower: CatalogueFollower
    private let choices: PersonalGuard
    /// Items of a list.
    private let count: Int

    /// Opens model and catalogue, and reads the stored events that the model has not learned from.
    /// - Parameter state: says who objects to lists of their own.
    /// - Throws: a `TrainerError` if no model is promoted or its files are damaged; what reading the films may throw.
    public init(
        registry: ModelRegistry, catalogue: StoredCatalogue, configuration: ServingConfiguration, count: Int = 10,
        state: StateDatabase = StateDatabase()
    ) async throws {
        let choices = try await BlockingWork.run("choices") { _ in try PersonalGuard(state) }
        self.choices = choices
        self.count = count
        let first = try await BlockingWork.run("catalogue") { _ in try catalogue.read() }
        let films = first?.snapshot ?? .empty
        let stored = StoredEvents(store: catalogue.store)
        let content = try await BlockingWork.run("content-index") { _ in ContentIndex(films.movies) }
        service = try await RecommendationService(
            configuration: configuration, registry: registry, catalog: films, content: content,
            archive: stored, choices: choices)
        _ = await RecommendationServer.recall(from: stored, service)
        await service.catchUp()
        follower = CatalogueFollower(
            catalogue: catalogue, service: service, elasticsearch: nil, desk: CatalogueDesk(),
            served: first?.version, films: films)
    }

    /// What must run while lists are made: it follows promotions and the catalogue.
    public var services: [any Service] { [service, follower, choices] }

    /// The models that the lists come from, for whoever asks how the process is.
    public var status: ServiceStatus { service.status }

    public func remember(_ events: [Event]) { service.remember(events) }

    public func lists(for users: [String]) throws -> [DeliveredList] {
        // Nothing is made of those who are being erased; who objects gets what everybody gets.
        let users = users.filter { !choices.choice(of: $0).isBeingErased }
        let workers = min(max(1, users.count / 16), 4)
        return try BlockingWork.wait { [self] in
            try await withThrowingTaskGroup { group in
                for worker in 0..<workers {
                    group.addTask {
                        var lists: [DeliveredList] = []
                        for place in stride(from: worker, to: users.count, by: workers) {
                            lists.append(try await list(for: users[place]))
                        }
                        return lists
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
        }
    }

    private func list(for user: String) async throws -> DeliveredList {
        let list = try await service.list(RecommendationQuery(userID: user, count: count, explains: true))
        return DeliveredList(
            userID: user, recommendationID: Outbox.newID(), modelID: list.modelID, generatedAt: .now,
            items: list.items.map {
                DeliveredList.Item(itemID: $0.id, title: $0.title, score: $0.score, reasons: $0.reasons)
            })
    }

    public func films(unless number: Int?) -> (number: Int, films: [DeliveredFilm])? {
        let films = service.films
        guard films.number != number else { return nil }
        return (
            films.number,
            films.snapshot.movies.map {
                DeliveredFilm(itemID: $0.itemID, title: $0.title, year: $0.year.map(Int.init), genres: $0.genres)
            }
        )
    }
}
