import Foundation
import Synchronization

/// The one door to standard error: whole lines, never torn by another thread, and one line at the bottom of a
/// terminal (a progress bar) that stays below them.
public enum StandardError {
    private static let status = Mutex<String?>(nil)

    /// Whether standard error is a terminal on which a line can be redrawn.
    public static let isTerminal: Bool =
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"].map { $0 != "dumb" } ?? false

    /// Writes one line and a line feed.
    public static func write(line: String) {
        status.withLock { status in
            guard isTerminal, let current = status else { return put(line + "\n") }
            put("\r\u{1B}[K\(line)\n\(current)")
        }
    }

    /// Shows `line` as the last line of the terminal and keeps it there until it is replaced or, with nil, removed.
    /// Does nothing where standard error is not a terminal.
    public static func showStatus(_ line: String?) {
        guard isTerminal else { return }
        status.withLock { status in
            if line == nil && status == nil { return }
            status = line
            put("\r\u{1B}[K" + (line ?? ""))
        }
    }

    /// A failed write to standard error cannot be told to anyone; it is dropped.
    private static func put(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Foundation.write(STDERR_FILENO, rest.baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}
