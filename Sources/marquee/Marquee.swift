import Domain
import Foundation
import Linalg
import Operations

/// The command line: finds the command, resolves its settings, runs it, and turns what went wrong into one line and an
/// exit status.
@main
struct Marquee {
    static func main() async {
        // A closed pipe or connection is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // So is a file past the size that the shell allows (ulimit -f).
        signal(SIGXFSZ, SIG_IGN)
        takeBetterBLAS()
        let words = Array(CommandLine.arguments.dropFirst())
        // Not on the main actor: hops from it cost microseconds each.
        let work = Task.detached { await run(words, environment: ProcessInfo.processInfo.environment) }
        let signals = SignalWatch { work.cancel() }
        let status = await work.value
        signals.end()
        StandardOutput.flush()
        exit(status)
    }

    /// Starts this program once more, in place, if OpenBLAS has taken slower kernels than the processor has: it only
    /// listens while it is being loaded. Whoever sets the variable has the last word.
    private static func takeBetterBLAS() {
        guard getenv(BLASCore.variable) == nil, let core = BLASCore.better,
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        else { return }
        setenv(BLASCore.variable, core, 1)
        execv(program, CommandLine.unsafeArgv)
        // It did not start: slower, then.
    }

    private static func run(_ words: [String], environment: [String: String]) async -> Int32 {
        do {
            let table = CommandTable.standard
            let parsed = try ArgumentParser.parse(words, table: table)
            switch parsed.request {
            case .version: StandardOutput.write(line: "marquee \(Release.version)")
            case .help(let path): StandardOutput.write(try HelpCommand.text(path, table))
            case .run(let command):
                let invocation = try invocation(of: command, parsed, environment, table)
                try await command.run(invocation)
            }
            return 0
        } catch let status as CommandStatus {
            return status.code
        } catch let error as any Fault {
            return report(error.description, error.category)
        } catch is CancellationError {
            return report("Interrupted.", .interrupted)
        } catch {
            return report("Internal error: \(error). This is a bug; please report it.", .internalError)
        }
    }

    private static func invocation(
        of command: Command, _ parsed: ParsedArguments, _ environment: [String: String], _ table: CommandTable
    ) throws -> Invocation {
        let path = parsed.flags["config"] ?? environment["MARQUEE_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        let file = try path.map { try ConfigurationFile(path: $0, table: table) }
        let settings = try Settings.resolve(
            command, flags: parsed.flags, kafkaFlags: parsed.kafka, environment: environment, file: file)
        let invocation = Invocation(command: command, arguments: parsed.arguments, settings: settings)
        Log.configure(
            level: Log.Level(name: try invocation.value(Options.logLevel)) ?? .info,
            format: try invocation.value(Options.logFormat) == "json" ? .json : .text)
        for name in table.unknownVariables(in: environment) {
            Log("configuration").warning("an environment variable sets nothing", ["name": name])
        }
        return invocation
    }

    private static func report(_ message: String, _ category: FaultCategory) -> Int32 {
        StandardOutput.flush()
        StandardError.showStatus(nil)
        let line = PrintableText.escaped(Secrets.masked(message).replacing("\n", with: " "))
        StandardError.write(line: "marquee: " + line)
        return category.exitCode
    }
}
