import Catalog
import Domain
import EventIngest
import Foundation
import Operations
import Platform
import PostgreSQL
import Store
import Trainer

/// The options of the commands that go from place to place for one person.
enum PrivacyOptions {
    /// Every place there may be; those that are not named are not looked at.
    static let places: [OptionSpec] =
        [Options.store.spec, Options.models.spec, Options.stateFolder.spec, Options.pseudonymiseKey.spec]
        + ElasticsearchOptions.all
        + [Options.elasticsearchIndex.spec, Options.postgres.spec]

    static let required: Set<String> = ["store", "models"]

    static let argument = Command.Argument(name: "USER", summary: "The user's identifier.")

    static let key = Option<String>.text(
        "receipt-key", "FILE", "Key that signs receipts, 16 bytes or more; one in the state folder by default.")

    /// - Parameter opens: whether a store whose users have pseudonyms of another key is refused.
    static func stores(
        _ invocation: Invocation, _ state: StateDatabase, opens: Bool = true
    ) throws -> PersonalStores {
        let store = try store(invocation)
        do {
            if opens { try store.checkPseudonyms(invocation.pseudonyms()?.keyID) }
        } catch let error as StoreError {
            // Else nothing of the person would be found.
            throw error
        } catch {
            // A table that cannot be read just then is for later.
        }
        return PersonalStores(
            store: store, registry: try registry(invocation), state: state,
            elasticsearch: try ElasticsearchOptions.client(
                invocation, index: invocation.value(Options.elasticsearchIndex), queryDeadline: .seconds(10)),
            postgres: try invocation.optional(Options.postgres).map { try DeliverCommand.address($0) })
    }

    /// The store, if that is one: of a name with a slip all would seem well.
    /// - Throws: ``PrivacyError/noSuchPlace(option:path:kind:)``; a table that cannot be read just then is for later.
    static func store(_ invocation: Invocation) throws -> EventStore {
        let store = try invocation.store()
        func isMissing(_ table: TableContract) -> Bool {
            do { return try store.openIfPresent(table) == nil } catch { return false }
        }
        guard [.events, .movies, .impressions].allSatisfy(isMissing), !isEmptyFolder(store.location) else {
            return store
        }
        // Rows without a log are no reason to say that there is nothing.
        try PersonalTable.look(at: store)
        throw PrivacyError.noSuchPlace(option: "--store", path: store.location, kind: "tables of events")
    }

    private static func registry(_ invocation: Invocation) throws -> ModelRegistry {
        let registry = try invocation.auditedRegistry()
        let isMissing: Bool
        do {
            isMissing = try registry.list().isEmpty && registry.history().isEmpty
        } catch TrainerError.registryNotFound {
            isMissing = true
        } catch {
            // A place that cannot be read just then is for later.
            return registry
        }
        guard isMissing, !isEmptyFolder(registry.folder) else { return registry }
        throw PrivacyError.noSuchPlace(option: "--models", path: registry.folder, kind: "models")
    }

    /// But for locks and the like.
    private static func isEmptyFolder(_ path: String) -> Bool {
        (try? FileManager.default.contentsOfDirectory(atPath: path))?.allSatisfy { $0.hasPrefix(".") } == true
    }

    /// What the user of the first argument is called where something is kept of them.
    /// - Throws: as ``named(_:)``, and what is wrong with the key of pseudonyms.
    static func user(_ invocation: Invocation) throws -> String { try invocation.known(named(invocation)) }

    /// The user of the first argument.
    /// - Throws: what is wrong with it as an identifier.
    static func named(_ invocation: Invocation) throws -> String {
        let user = invocation.arguments[0]
        let limits = EventLimits()
        guard limits.brokenRule(idLength: user.utf8.count) == nil else {
            throw CommandLineError.invalidArgument(
                argument: "USER", value: String(user.prefix(40)),
                must: "be a user_id as events have it, of 1 to \(limits.idLength) bytes")
        }
        return user
    }
}
