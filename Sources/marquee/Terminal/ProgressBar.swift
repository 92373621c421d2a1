import Foundation
import Operations
import Synchronization

/// How far a stage has come: a bar that is redrawn on a terminal, a plain line now and then elsewhere.
final class ProgressBar: Sendable {
    private let title: String
    private let unit: String
    private let state: Mutex<State>

    private struct State {
        var done = 0
        var total: Int?
        var note = ""
        let started = ContinuousClock.now
        var lastShown: ContinuousClock.Instant?
    }

    /// - Parameter total: nil if it is not known.
    init(_ title: String, total: Int?, unit: String) {
        self.title = title
        self.unit = unit
        state = Mutex(State(total: total))
    }

    /// - Parameter note: a figure of the moment, shown after the count.
    func update(_ done: Int, note: String = "") {
        state.withLock { state in
            state.done = done
            state.note = note
            let now = ContinuousClock.now
            let pause: Duration = StandardError.isTerminal ? .milliseconds(100) : .seconds(5)
            if StandardError.isTerminal {
                if let last = state.lastShown, now - last < pause { return }
            } else if now - (state.lastShown ?? state.started) < pause {
                return
            }
            state.lastShown = now
            show(state, now)
        }
    }

    /// Takes the bar away. Call it before the stage's figures are printed.
    func finish() { StandardError.showStatus(nil) }

    private func show(_ state: State, _ now: ContinuousClock.Instant) {
        let seconds = (now - state.started) / .seconds(1)
        let rate = seconds > 0 ? Double(state.done) / seconds : 0
        var figures = Figure.count(state.done)
        if let total = state.total { figures += " of \(Figure.count(total))" }
        figures += " \(unit)"
        if rate >= 10 { figures += ", \(Figure.count(Int(rate)))/s" }
        if let total = state.total, state.done > 0, state.done < total, seconds > 1 {
            let left = Double(total - state.done) / rate
            if left >= 1 { figures += ", \(Figure.seconds(left)) left" }
        }
        if !state.note.isEmpty { figures += ", \(state.note)" }
        guard StandardError.isTerminal else {
            StandardError.write(line: "\(title): \(figures)")
            return
        }
        var line = title.padding(toLength: 10, withPad: " ", startingAt: 0) + " "
        if let total = state.total, total > 0 {
            line += Self.bar(share: Double(state.done) / Double(total), width: 20) + " "
        }
        StandardError.showStatus(String((line + figures).prefix(Self.columns - 1)))
    }

    private static func bar(share: Double, width: Int) -> String {
        let full = Int((min(1, max(0, share)) * Double(width)).rounded(.down))
        return String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
    }

    /// Width of the terminal, or 80 if it does not say.
    private static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
