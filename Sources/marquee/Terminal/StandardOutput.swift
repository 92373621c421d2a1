import Foundation
import Synchronization

/// Results, on standard output. Buffered: a line is out when `write(line:)` returns only on a terminal, otherwise at
/// 64 KiB or at `flush()`.
enum StandardOutput {
    private static let buffer = Mutex<[UInt8]>([])
    private static let isTerminal = isatty(STDOUT_FILENO) == 1

    static func write(line: String) { write(line + "\n") }

    /// A line for people: wrapped at the width of a page, the following lines indented.
    static func write(prose line: String, indent: Int = 4) { write(line: TextLayout.wrapped(line, indent: indent)) }

    static func write(_ text: String) {
        buffer.withLock { buffer in
            buffer.append(contentsOf: text.utf8)
            if isTerminal || buffer.count >= 1 << 16 { drain(&buffer) }
        }
    }

    /// Appends bytes without a copy through `String`: for listings of millions of rows.
    static func write(bytes: [UInt8]) {
        buffer.withLock { buffer in
            buffer.append(contentsOf: bytes)
            if isTerminal || buffer.count >= 1 << 16 { drain(&buffer) }
        }
    }

    static func flush() { buffer.withLock { drain(&$0) } }

    private static func drain(_ buffer: inout [UInt8]) {
        buffer.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let count = Foundation.write(STDOUT_FILENO, rest.baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                if count <= 0 {
                    // The reader has gone, as with `| head`: end as any other tool of the pipeline would.
                    signal(SIGPIPE, SIG_DFL)
                    raise(SIGPIPE)
                    _exit(74)
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
