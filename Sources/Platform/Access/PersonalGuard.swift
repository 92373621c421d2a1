public import Domain
public import Operations

/// What users' data may be used for, as a process that serves knows it: in memory, and no older than a fifth of a second.
///
/// As a service it follows the state, which this process or another may change.
public final class PersonalGuard: Service, PersonalChoices {
    public let name = "choices"
    private let known: StateFollower<PersonalRegister.Table>

    /// Reads the choices. Blocks.
    /// - Throws: `SQLiteError` if they cannot be read: then nobody knows who objects.
    public init(_ state: StateDatabase) throws {
        known = try StateFollower(state, "choices", log: Log("privacy")) { before in
            let table = try PersonalRegister(state).table()
            if let before, !table.isOfRegister(of: before) { throw PlatformError.stateLost(path: state.path) }
            return table
        }
    }

    public func choice(of user: String) -> PersonalChoice { known.value.choice(of: user) }
    public var revision: Int { known.value.revision }

    /// Looks now, for whoever has just changed something. Blocks.
    public func look() { known.look() }

    /// Looks for changes until cancelled.
    public func run() async throws { try await known.run(name) }
}
