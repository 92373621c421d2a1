/// What a command that did its work says by its exit status, when the answer is not a plain yes. Thrown, and nothing is
/// printed for it: the command has said in words what it means.
struct CommandStatus: Error, Equatable {
    let code: Int32

    /// The model was published and not put into service: nothing was shown for it.
    static let kept = CommandStatus(code: 10)
    /// The model was published and not put into service: it was shown to be worse, or breaks a rule.
    static let refused = CommandStatus(code: 11)
    /// No run was due.
    static let nothingDue = CommandStatus(code: 12)
    /// The newest events are not like those before them.
    static let drifted = CommandStatus(code: 13)
    /// The incoming data is not as expected.
    static let breached = CommandStatus(code: 14)
    /// Another run is under way, or something is left to do that a later one may do (EX_TEMPFAIL).
    static let busy = CommandStatus(code: 75)
}
