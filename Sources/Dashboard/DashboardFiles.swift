internal import CDashboardFiles
internal import Domain

/// The files of the dashboard, as they were built into the program.
///
/// Unsafe: reads the bytes of C constants, which live as long as the program, within their counts.
enum DashboardFiles {
    /// All of them, by name.
    static let all: [String: [UInt8]] = Dictionary(
        uniqueKeysWithValues: (0..<marquee_dashboard_file_count()).map { index in
            let file = marquee_dashboard_file_at(index)
            return (String(cString: file.name), Array(UnsafeBufferPointer(start: file.bytes, count: file.count)))
        })

    /// Of a file for people, by its name's end; nil for what is a part of others and not served by itself.
    static func contentType(of name: String) -> String? {
        switch name.split(separator: ".").last {
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        default: nil
        }
    }
}
