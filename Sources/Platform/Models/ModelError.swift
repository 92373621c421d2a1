internal import Domain
internal import HTTPServer

/// What is wrong with a request about models. No message names a path of this machine.
enum ModelError: RequestFault, Equatable {
    case modelNotFound(id: String)
    /// The model in service goes on.
    case damaged(id: String)
    case nothingToRollBackTo
    case evaluationNotFound(id: String)
    case runNotFound(id: String)
    case runUnderWay
    case keyReused
    /// Another process runs it.
    case runElsewhere
    case badBody(reason: String)
    case badMember(name: String, allowed: String)
    case missingMember(name: String)
    case unknownMember(name: String, allowed: [String])

    var code: String {
        switch self {
        case .modelNotFound: "model-not-found"
        case .damaged: "damaged-model"
        case .nothingToRollBackTo: "nothing-to-roll-back-to"
        case .evaluationNotFound: "evaluation-not-found"
        case .runNotFound: "training-run-not-found"
        case .runUnderWay: "training-under-way"
        case .keyReused: "idempotency-key-reused"
        case .runElsewhere: "training-run-elsewhere"
        case .badBody: "bad-body"
        case .badMember: "bad-parameter"
        case .missingMember: "missing-parameter"
        case .unknownMember: "unknown-parameter"
        }
    }

    var message: String {
        switch self {
        case .modelNotFound(let id): "There is no model “\(id.prefix(80))”, or several names begin so."
        case .damaged(let id): "The files of the model \(id) are not as its manifest has them. It is not in service."
        case .nothingToRollBackTo: "No earlier promoted model is left to roll back to."
        case .evaluationNotFound(let id): "Nothing was measured when the model \(id) was trained."
        case .runNotFound(let id): "There is no training run “\(id.prefix(80))”, or not any more."
        case .runUnderWay: "A training run is under way."
        case .keyReused: "The Idempotency-Key belongs to another request."
        case .runElsewhere: "The run is one of another process, which this one cannot end."
        case .badBody(let reason): "The body cannot be understood: \(reason)."
        case .badMember(let name, let allowed): "The parameter \(name) must be \(allowed)."
        case .missingMember(let name): "The body has no \(name)."
        case .unknownMember(let name, _): "There is no parameter “\(name.prefix(80))” here."
        }
    }

    var advice: String {
        switch self {
        case .modelNotFound: "GET /v1/models lists what there is."
        case .damaged: "Restore its files from a copy, or train again."
        case .nothingToRollBackTo: "Promote a model by name: POST /v1/models/{id}/promote."
        case .evaluationNotFound: "Train with more events: some must be left to measure on."
        case .runNotFound: "GET /v1/training-runs lists those that are remembered."
        case .keyReused: "Send each request under a key of its own."
        case .runElsewhere: "End that process's run there: 'marquee train' ends it when it is interrupted."
        case .runUnderWay: "Wait until it ends, or cancel it: DELETE /v1/training-runs/{id}."
        case .badBody: "Send one JSON object, or nothing."
        case .badMember: ""
        case .missingMember(let name): "Add it: {\"\(name)\": …}."
        case .unknownMember(_, let allowed): "The body takes \(allowed.joined(separator: ", "))."
        }
    }

    var category: FaultCategory {
        switch self {
        case .modelNotFound, .evaluationNotFound, .runNotFound: .notFound
        default: .usage
        }
    }

    var status: Int? {
        switch self {
        case .damaged, .nothingToRollBackTo, .runUnderWay, .runElsewhere: 409
        case .keyReused: 422
        default: nil
        }
    }

    var parameter: String? {
        switch self {
        case .badMember(let name, _), .missingMember(let name), .unknownMember(let name, _): name
        default: nil
        }
    }
}
