public import Domain

/// What can go wrong while training, evaluating, or reading and publishing models.
public enum TrainerError: Fault, Equatable {
    /// A parameter or option has a value that makes no sense.
    case invalidSetting(name: String, value: String, allowed: String)
    /// There is nothing to learn from.
    case emptyTrainingSet(source: String, reason: String)
    /// A column that training needs is missing from the table or has another type.
    case unsuitableTable(table: String, reason: String)
    /// More rows of a table break the rules of events than may be left out.
    case tooManyBadRows(table: String, rows: BadRows, allowed: Double)
    /// A value among the interactions cannot be used.
    case badInteraction(user: String, item: String, reason: String)
    /// The equations of one row have no unique solution.
    case singular(row: String)
    /// The factors grew past what a float can hold.
    case diverged(epoch: Int, reason: String)
    /// Training would not fit into memory.
    case tooLarge(needed: Int, available: Int, formula: String, remedy: String)
    /// There is no held-out event by a known user.
    /// - Parameter advice: nil where another split would help.
    case nothingToEvaluate(reason: String, advice: String? = nil)
    /// A line of an interaction file that cannot be read.
    case malformedLine(file: String, line: Int, reason: String)
    case registryNotFound(folder: String)
    case noPromotedModel(folder: String)
    case modelNotFound(id: String, folder: String)
    case nothingToRollBackTo(folder: String)
    /// A file of a model is truncated, altered or not what its name says.
    case damagedModelFile(path: String, reason: String)
    /// A model directory written by a newer version.
    case unsupportedModel(path: String, version: Int)
    /// Training again gave other factors.
    case notReproduced(id: String, published: String, made: String)
    /// A folder of Spark's that is no model, no whole one, or one of something else.
    case unusableSparkModel(path: String, reason: String, advice: String)
    case cannotRead(path: String, reason: String)
    case cannotWrite(path: String, reason: String)

    public var code: String {
        switch self {
        case .invalidSetting: "invalid-setting"
        case .emptyTrainingSet: "empty-training-set"
        case .unsuitableTable: "unsuitable-table"
        case .tooManyBadRows: "too-many-bad-rows"
        case .badInteraction: "bad-interaction"
        case .singular: "singular-system"
        case .diverged: "training-diverged"
        case .tooLarge: "training-too-large"
        case .nothingToEvaluate: "nothing-to-evaluate"
        case .malformedLine: "malformed-line"
        case .registryNotFound: "registry-not-found"
        case .noPromotedModel: "no-promoted-model"
        case .modelNotFound: "model-not-found"
        case .nothingToRollBackTo: "nothing-to-roll-back-to"
        case .damagedModelFile: "damaged-model-file"
        case .unsupportedModel: "unsupported-model"
        case .notReproduced: "not-reproduced"
        case .unusableSparkModel: "unusable-spark-model"
        case .cannotRead: "cannot-read"
        case .cannotWrite: "cannot-write"
        }
    }

    public var message: String {
        switch self {
        case .invalidSetting(let name, let value, let allowed):
            "\(name) is \(value), but it must be \(allowed)."
        case .emptyTrainingSet(let source, let reason):
            "There is nothing to train on in \(source): \(reason)."
        case .unsuitableTable(let table, let reason):
            "The table \(table) cannot be trained on: \(reason)."
        case .tooManyBadRows(let table, let rows, let allowed):
            "\(rows.count) of the \(rows.rowsRead) rows of \(table) are no events, more than the share of \(allowed) that may be "
                + "left out: \(rows.text)."
        case .badInteraction(let user, let item, let reason):
            "The interaction of user \(user) with item \(item) is unusable: \(reason)."
        case .singular(let row):
            "The equations of \(row) have no unique solution."
        case .diverged(let epoch, let reason):
            "Training diverged in epoch \(epoch): \(reason)."
        case .tooLarge(let needed, let available, let formula, _):
            "Training needs about \(mebibytes(needed)) of memory for \(formula), but \(mebibytes(available)) are available."
        case .nothingToEvaluate(let reason, _):
            "There is nothing to evaluate on: \(reason)."
        case .malformedLine(let file, let line, let reason):
            "Line \(line) of \(file) cannot be read: \(reason)."
        case .registryNotFound(let folder):
            "There is no model folder at \(folder)."
        case .noPromotedModel(let folder):
            "No model in \(folder) has been promoted."
        case .modelNotFound(let id, let folder):
            "There is no model \(id) in \(folder)."
        case .nothingToRollBackTo(let folder):
            "No earlier promoted model is left in \(folder) to roll back to."
        case .damagedModelFile(let path, let reason):
            "The model file \(path) is damaged: \(reason)."
        case .unsupportedModel(let path, let version):
            "The model at \(path) has format version \(version), which this program does not know."
        case .notReproduced(let id, let published, let made):
            "Training \(id) again gave factors with SHA-256 \(made), but those published have \(published)."
        case .unusableSparkModel(let path, let reason, _):
            "What Spark made at \(path) cannot be used: \(reason)."
        case .cannotRead(let path, let reason):
            "\(path) cannot be read: \(reason)."
        case .cannotWrite(let path, let reason):
            "\(path) cannot be written: \(reason)."
        }
    }

    public var advice: String {
        switch self {
        case .invalidSetting: "Correct the value and run again."
        case .emptyTrainingSet: "Ingest or import events first, then train."
        case .unsuitableTable: "Give the folder of a store made by `marquee ingest` or `marquee import`."
        case .tooManyBadRows:
            "Look at them with `marquee store cat --where`, remove them with `marquee store delete --where`, or leave more out "
                + "with --max-bad-rows SHARE."
        case .badInteraction: "Correct or remove the event; confidences must be finite."
        case .singular: "Raise --lambda or --alpha0 above 0."
        case .diverged: "Raise --lambda, or lower the confidence weights."
        case .tooLarge(_, _, _, let remedy): remedy
        case .nothingToEvaluate(_, let advice):
            advice ?? "Use a split that leaves later events of users known from training, such as --split last."
        case .malformedLine: "Expected: user, item[, rating[, time]] separated by tabs, commas or `::`."
        case .registryNotFound: "Check --models, or run `marquee train` to make it."
        case .noPromotedModel: "Run `marquee train --promote always`, or `marquee models promote ID`."
        case .modelNotFound: "`marquee models list` shows what is there."
        case .nothingToRollBackTo: "Promote a model by name: `marquee models promote ID`."
        case .damagedModelFile:
            "Restore the file from a copy, or train again; `marquee models rollback` goes back to the model before."
        case .unsupportedModel: "Use the version of marquee that wrote it, or train again."
        case .notReproduced:
            "Compare the code version in the manifest with this program's, and check the table's files."
        case .unusableSparkModel(_, _, let advice): advice
        case .cannotRead: "Check the path and its permissions."
        case .cannotWrite: "Check the permissions and the free space."
        }
    }

    /// Whether it says that there are too few events for what was asked, not that something is wrong.
    var isTooFewEvents: Bool {
        switch self {
        case .emptyTrainingSet, .nothingToEvaluate: true
        default: false
        }
    }

    public var category: FaultCategory {
        switch self {
        case .invalidSetting: .usage
        case .emptyTrainingSet, .unsuitableTable, .tooManyBadRows, .badInteraction, .nothingToEvaluate, .malformedLine:
            .badData
        case .registryNotFound, .noPromotedModel, .modelNotFound, .nothingToRollBackTo: .notFound
        case .damagedModelFile, .unsupportedModel, .notReproduced, .unusableSparkModel: .badData
        case .diverged, .singular: .badData
        case .tooLarge, .cannotWrite: .unavailable
        case .cannotRead: .notFound
        }
    }
}

private func mebibytes(_ bytes: Int) -> String { "\((bytes + 1_048_575) / 1_048_576) MiB" }
