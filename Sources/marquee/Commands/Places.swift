import Columnar
import Domain
import ObjectStore
import Platform
import Store
import Trainer

/// The places that `--store`, `--models` and tables name: folders, or prefixes of a bucket.
extension Invocation {
    /// The place of a text that the user gave. Nothing is read there yet.
    func place(_ text: String) throws -> any Storage {
        try StoragePlace.open(
            text, endpoint: optional(Options.objectEndpoint),
            style: optional(Options.objectStyle).flatMap(ObjectStoreSettings.Style.init))
    }

    /// The event store of `--store`.
    func store() throws -> EventStore { EventStore(try place(value(Options.store))) }

    /// The event store of `--store`, or nil where it is not given.
    func storeIfNamed() throws -> EventStore? { try optional(Options.store).map { EventStore(try place($0)) } }

    /// The model registry of `--models`, without an audit log: for commands that change nothing in it.
    func registry() throws -> ModelRegistry { ModelRegistry(in: try place(value(Options.models))) }

    /// The model registry of `--models`, or nil where it is not given.
    func registryIfNamed() throws -> ModelRegistry? {
        try optional(Options.models).map { ModelRegistry(in: try place($0)) }
    }

    /// The table that the first argument names.
    func table() throws -> DeltaTable { try DeltaTable.open(place(arguments[0])) }
}

extension Command {
    /// The options that say which service an `s3://` address is of.
    static let objectStoreOptions: [OptionSpec] = [Options.objectEndpoint.spec, Options.objectStyle.spec]

    /// The same command; one that takes a place also says of which service.
    var withObjectStoreOptions: Command {
        let takesPlace =
            options.contains { $0.name == Options.store.spec.name || $0.summary == Options.models.spec.summary }
            || arguments.contains { $0.name == Self.tableArgument.name && $0.summary == Self.tableArgument.summary }
        guard takesPlace else { return self }
        var command = self
        command.options += Self.objectStoreOptions
        return command
    }

    /// A Delta table, by its place.
    static let tableArgument = Argument(
        name: "DIR", summary: "Place of the table, such as data/events or s3://bucket/prefix/events.")
}
