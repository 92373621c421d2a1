public import Domain
public import HTTPServer

/// What stands in the way of a person's rights.
public enum PrivacyError: RequestFault, Equatable {
    /// No erasure of that name.
    case erasureNotFound(id: String)
    /// A file that holds no key.
    case badKey(path: String)
    /// Something of a person was found where nothing should be.
    case found(findings: Int, stores: [String])
    /// Places that could not be looked at.
    case unseen(stores: [String])
    /// A request's body without what it needs.
    case badBody(reason: String)
    /// An archive that does not fit into an answer.
    case tooLarge(limit: Int)
    /// Another process removes what is too old.
    case retentionUnderWay
    /// A place that was named and holds nothing of its kind: what is looked at there would be the wrong place.
    case noSuchPlace(option: String, path: String, kind: String)
    /// Keys that do not go on where those before end.
    case notTheNextKeys
    /// Users get no other names while somebody is being erased by theirs.
    case erasuresUnderWay

    public var code: String {
        switch self {
        case .erasureNotFound: "erasure-not-found"
        case .badKey: "bad-receipt-key"
        case .found: "person-found"
        case .unseen: "stores-away"
        case .badBody: "bad-body"
        case .tooLarge: "export-too-large"
        case .retentionUnderWay: "retention-under-way"
        case .noSuchPlace: "no-such-place"
        case .notTheNextKeys: "pseudonym-keys-unrelated"
        case .erasuresUnderWay: "erasures-under-way"
        }
    }

    public var message: String {
        switch self {
        case .erasureNotFound(let id): "There is no erasure “\(id.prefix(80))”."
        case .badKey(let path): "'\(path)' cannot be read, or has fewer than 16 bytes."
        case .found(let findings, let stores):
            "Something of the person is in \(stores.joined(separator: ", ")): "
                + "\(findings) \(findings == 1 ? "finding" : "findings") in all."
        case .unseen(let stores): "Not all places could be looked at: \(stores.joined(separator: ", "))."
        case .tooLarge(let limit): "The archive has more than \(limit >> 20) MiB."
        case .retentionUnderWay: "Another process is removing what is too old."
        case .noSuchPlace(let option, let path, let kind): "'\(path)' of \(option) holds no \(kind)."
        case .notTheNextKeys: "The new keys are not those of --pseudonymise-key and a further one."
        case .erasuresUnderWay: "Erasures are under way, and name users by the pseudonyms they have."
        case .badBody(let reason): "The body is not what is asked for: \(reason)."
        }
    }

    public var advice: String {
        switch self {
        case .erasureNotFound: "Its name is in the answer to the request for it."
        case .badKey: "Name a file of 16 random bytes or more, such as 'head -c 32 /dev/urandom' makes."
        case .found: "Erase the person with 'marquee privacy erase', and look again when it is complete."
        case .unseen: "Look again when they are back."
        case .tooLarge: "Make it with 'marquee privacy export --out'."
        case .retentionUnderWay: "Wait until it has ended; 'marquee privacy audit' says when it began."
        case .noSuchPlace(let option, _, _):
            "Check \(option): what is not looked at would stay. Where there is nothing yet, name an empty folder."
        case .notTheNextKeys: "Name a file with one new key, or one that is not there, with --new-key."
        case .erasuresUnderWay: "Complete them with 'marquee privacy erase', then try again."
        case .badBody: "docs/privacy.md says what it takes."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .erasureNotFound: .notFound
        case .badKey, .badBody, .tooLarge, .noSuchPlace, .notTheNextKeys: .usage
        case .found: .badData
        case .unseen, .retentionUnderWay, .erasuresUnderWay: .unavailable
        }
    }

    public var status: Int? { if case .tooLarge = self { 409 } else { nil } }
    public var parameter: String? { nil }
}
