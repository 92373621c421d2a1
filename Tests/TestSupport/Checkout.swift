public import Foundation

/// Where things are around this source tree.
public enum Checkout {
    /// The root of the repository.
    public static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// A file or folder of the shared test data and servers beside the repository, or nil where it is absent.
    public static func shared(_ path: String) -> URL? {
        let url = root.deletingLastPathComponent().appending(path: "shared/\(path)")
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }

    /// The Python of the virtual environment with the independent readers (`make venv`), or nil.
    public static var python: URL? {
        let url = root.appending(path: ".venv/bin/python")
        return FileManager.default.isExecutableFile(atPath: url.path) ? url : nil
    }
}
