public import Domain

/// What can be wrong with the name of a store. What is wrong with its tables is a `ColumnarError`.
public enum StoreError: Fault, Hashable {
    /// An address of a kind that no storage is for.
    case unknownAddress(String)
    /// A table whose rows have pseudonyms of another key than was given. Nil is none: identifiers as they are.
    case otherPseudonymKey(place: String, stored: String?, given: String?)

    public var code: String {
        switch self {
        case .unknownAddress: "store-address"
        case .otherPseudonymKey: "pseudonym-key-mismatch"
        }
    }

    public var message: String {
        switch self {
        case .unknownAddress(let address): "A store cannot be at \(address.replacing(/\/\/[^\/@]*@/, with: "//…@"))."
        case .otherPseudonymKey(let place, let stored?, nil):
            "Users have pseudonyms in \(place), of the key \(stored), and no key was given."
        case .otherPseudonymKey(let place, nil, _):
            "Users have their identifiers as they are in \(place), and a key for pseudonyms was given."
        case .otherPseudonymKey(let place, let stored?, let given?):
            "Users have pseudonyms of the key \(stored) in \(place), and the key that was given is \(given)."
        }
    }

    public var advice: String {
        switch self {
        case .unknownAddress: "Name a folder of this machine, or s3://bucket/prefix where a command takes it."
        case .otherPseudonymKey(_, nil, _):
            "Leave --pseudonymise-key out, name another store, or give this one pseudonyms with 'marquee privacy rekey'."
        case .otherPseudonymKey:
            "Name the file of its key with --pseudonymise-key; 'marquee privacy rekey' gives the tables another one."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .unknownAddress, .otherPseudonymKey: .usage
        }
    }
}
