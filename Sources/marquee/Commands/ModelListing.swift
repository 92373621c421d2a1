import Columnar
import Domain
import Trainer

/// What `models list` prints.
struct ModelListing {
    private let current: ModelID?
    /// Newest first.
    private let models: [(id: ModelID, manifest: Result<Manifest, TrainerError>)]

    init(_ registry: ModelRegistry) throws {
        current = try registry.current()
        models = try registry.list().reversed().map { id in
            do throws(TrainerError) {
                return (id, .success(try Self.manifest(of: id, registry)))
            } catch {
                return (id, .failure(error))
            }
        }
    }

    /// The headlines; models that cannot be read stand below.
    var table: String {
        var table = TextTable([
            ("", .left), ("MODEL", .left), ("USERS", .right), ("ITEMS", .right), ("RANK", .right),
            ("NDCG@\(Manifest.headlineCutoff)", .right),
            ("POPULAR", .right), ("GATE", .left),
        ])
        for (id, manifest) in models {
            let mark = id == current ? "*" : ""
            switch manifest {
            case .success(let manifest):
                table.add([
                    mark, "\(id)", Figure.short(manifest.data.users), Figure.short(manifest.data.items),
                    "\(manifest.parameters.rank)", Self.text(manifest.evaluation?.headline("ndcg")),
                    Self.text(manifest.evaluation?.popularityHeadline("ndcg")), manifest.gate.outcome.rawValue,
                ])
            case .failure(let error):
                table.add([mark, "\(id)", "", "", "", "", "", "damaged"], note: "\(error.code): \(error.message)")
            }
        }
        return table.text
    }

    func print(as form: RowPrinter.Form) {
        let names = [
            "id", "current", "trained_at", "kind", "version", "events", "users", "items", "rank", "ndcg_at_10",
            "popularity_ndcg_at_10", "gate", "error",
        ]
        var printer = RowPrinter(columns: names.map { ($0, .left) }, as: form)
        for (id, manifest) in models {
            let head: [Value] = [.string("\(id)"), .bool(id == current)]
            switch manifest {
            case .success(let manifest):
                printer.print(
                    head + [
                        .timestamp(manifest.trainedAt), .string(manifest.kind),
                        manifest.data.version.map { .int($0) } ?? .null, .int(Int64(manifest.data.events)),
                        .int(Int64(manifest.data.users)), .int(Int64(manifest.data.items)),
                        .int(Int64(manifest.parameters.rank)), Self.value(manifest.evaluation?.headline("ndcg")),
                        Self.value(manifest.evaluation?.popularityHeadline("ndcg")),
                        .string(manifest.gate.outcome.rawValue), .null,
                    ])
            case .failure(let error):
                printer.print(head + Array(repeating: .null, count: names.count - 3) + [.string(error.code)])
            }
        }
        printer.finish()
    }

    private static func manifest(of id: ModelID, _ registry: ModelRegistry) throws(TrainerError) -> Manifest {
        do {
            return try registry.manifest(of: id)
        } catch let error as TrainerError {
            throw error
        } catch {
            throw .cannotRead(path: "\(id)", reason: "\(error)")
        }
    }

    private static func text(_ interval: Interval?) -> String {
        interval.map { Figure.decimal($0.value, digits: 4) } ?? ""
    }

    private static func value(_ interval: Interval?) -> Value { interval.map { .double($0.value) } ?? .null }
}
