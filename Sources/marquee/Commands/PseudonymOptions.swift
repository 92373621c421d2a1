import Domain
import Operations
import Store

extension Options {
    static let pseudonymiseKey = Option<String>.text(
        "pseudonymise-key", "FILE",
        "Put keyed pseudonyms in the place of users' identifiers, by the key in this file (docs/privacy.md).")
}

extension Invocation {
    /// The keys of ``Options/pseudonymiseKey``; nil without it.
    /// - Throws: `OperationsError.badPseudonymKey`.
    func pseudonyms() throws -> PseudonymKeys? {
        try optional(Options.pseudonymiseKey).map { try PseudonymKeyFile($0).read() }
    }

    /// Holds a state to the key that was given: see `PersonalRegister.settle`.
    func settle(_ state: StateDatabase) async throws {
        let key = try pseudonyms()?.keyID
        try await BlockingWork.run("privacy") { _ in try PersonalRegister(state).settle(key: key) }
    }

    /// What a user is called in tables, models and the state.
    func known(_ user: String) throws -> String { try pseudonyms()?.pseudonym(of: user) ?? user }
}
