public import Domain

/// What can be wrong with the name of a store. What is wrong with its tables is a `ColumnarError`.
public enum StoreError: Fault, Hashable {
    /// An address of a kind that no storage is for.
    case unknownAddress(String)

    public var code: String {
        switch self {
        case .unknownAddress: "store-address"
        }
    }

    public var message: String {
        switch self {
        case .unknownAddress(let address): "A store cannot be at \(address.replacing(/\/\/[^\/@]*@/, with: "//…@"))."
        }
    }

    public var advice: String {
        switch self {
        case .unknownAddress: "Name a folder of this machine, or s3://bucket/prefix where a command takes it."
        }
    }

    public var category: FaultCategory {
        switch self {
        case .unknownAddress: .usage
        }
    }
}
