import Domain
import EventIngest
import Platform
import Synchronization
import Trainer

/// Tells a demo: a line for each stage on standard output, a bar while one goes on.
final class DemoReporter: Sendable {
    private let bar = Mutex<ProgressBar?>(nil)
    private let training = TrainingReporter(lead: DemoReporter.lead("train"))

    func tell(_ news: DemoNews) {
        switch news {
        case .broker(let servers): say("broker", "\(servers), embedded; other terminals may join in")
        case .catalogueSent(let films): say("catalogue", "\(Figure.count(films)) films to the topic \(Topics.movies)")
        case .simulating(let sent, let total, let stored):
            update("simulate", sent, of: total, unit: "events", note: "\(Figure.count(stored)) stored")
        case .simulated(let progress, let users):
            say(
                "simulate",
                """
                \(Figure.count(progress.sent)) events of \(Figure.count(users)) users over eight weeks in \
                \(Figure.seconds(progress.seconds)) (\(Figure.count(Int(progress.eventsPerSecond)))/s)
                """)
        case .importing(let bytes, let total): update("import", bytes, of: total, unit: "bytes")
        case .imported(let ratings, let rejected, let time):
            say(
                "import",
                """
                \(Figure.count(ratings)) ratings in \(Figure.seconds(time)), \
                \(Figure.count(rejected)) lines rejected
                """)
        case .storing(let done, let total): update("ingest", done, of: total, unit: "messages")
        case .stored(let progress): say("ingest", progress.summary)
        case .storeIsThere(let events, let films, let folder):
            say("store", "\(Figure.count(events)) events and \(Figure.count(films)) films are in \(folder) already")
        case .modelIsThere(let manifest, let folder):
            say(
                "model",
                "\(manifest.id) is in \(folder) already, trained on \(Figure.count(manifest.data.events)) events")
        case .modelIsOld(let manifest, let events):
            let trained = manifest.data.events
            let growth = Figure.decimal((Double(events) / Double(max(trained, 1)) - 1) * 100, digits: 0)
            say(
                "model",
                "the store has \(Figure.count(events)) events, \(growth) % more than the \(Figure.count(trained)) that "
                    + "\(manifest.id) was trained on: trained anew")
        case .training(let progress): training.note(progress)
        case .serving(let address, let user, let item, let rate): serving(address, user, item, rate)
        }
    }

    private func serving(_ address: String, _ user: String, _ item: String, _ rate: Double) {
        say("serve", address)
        StandardOutput.write(
            """

              curl -s '\(address)/v1/users/\(user)/recommendations?n=5'
              curl -s '\(address)/v1/items/\(item)/similar?n=5'
              curl -s '\(address)/suggested_movies?user_id=\(user)'

            \(Figure.decimal(rate, digits: 0)) simulated events a second keep coming and are folded in.
            Ctrl-C stops everything.

            Dashboard  \(address)/

            """)
        StandardOutput.flush()
    }

    private func update(_ stage: String, _ done: Int, of total: Int?, unit: String, note: String = "") {
        let bar = bar.withLock { bar in
            let current = bar ?? ProgressBar(stage, total: total, unit: unit)
            bar = current
            return current
        }
        bar.update(done, note: note)
    }

    /// One line of a stage, after its bar.
    private func say(_ stage: String, _ text: String) {
        bar.withLock { bar in
            bar?.finish()
            bar = nil
        }
        StandardOutput.write(prose: Self.lead(stage) + text, indent: 11)
        StandardOutput.flush()
    }

    private static func lead(_ stage: String) -> String { stage + String(repeating: " ", count: 11 - stage.count) }
}
