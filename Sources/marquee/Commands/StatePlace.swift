import Domain
import Foundation
import Operations

/// The state of `--state`. A slip in its name must not look like a deployment without keys, holds or mails.
extension Invocation {
    /// For a command that changes something: where there is no state it is said, and one is made.
    func state() throws -> StateDatabase {
        let state = StateDatabase(folder: try value(Options.stateFolder))
        if !state.exists { StandardError.write(line: absence(of: state)) }
        return state
    }

    /// For a command that only finds what others have written.
    /// - Throws: ``NoState`` for a folder that somebody named and that is not there.
    func knownState() throws -> StateDatabase {
        let state = StateDatabase(folder: try value(Options.stateFolder))
        guard !isDefault(Options.stateFolder), !FileManager.default.fileExists(atPath: state.folder) else {
            if !state.exists { StandardError.write(line: absence(of: state)) }
            return state
        }
        throw NoState(folder: state.folder)
    }

    private func absence(of state: StateDatabase) -> String {
        "\(command.path[0]): there is no state in '\(PrintableText.escaped(state.folder))' yet"
    }
}

/// A folder of a state that is not there.
struct NoState: Fault {
    let folder: String

    var code: String { "no-state" }
    var message: String { "There is no folder '\(folder)' of --state." }
    var advice: String { "Name the one that 'serve', 'train' or 'deliver' was given; 'state' is the default." }
    var category: FaultCategory { .usage }
}
