internal import Foundation

/// A PEM file of authorities to trust, looked at before anybody connects: of one that is missing libcurl says what it says of a
/// server that is not to be trusted.
public enum AuthorityFile {
    /// What is wrong with a file, as the end of a sentence; nil if it can be read and has a certificate.
    public static func problem(of path: String) -> String? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            return "there is no file '\(path)'"
        }
        guard !isFolder.boolValue else { return "'\(path)' is a folder" }
        guard let bytes = try? Data(contentsOf: URL(filePath: path)) else { return "'\(path)' may not be read" }
        return bytes.range(of: Data("-----BEGIN ".utf8)).flatMap {
            bytes.range(of: Data("CERTIFICATE-----".utf8), in: $0.upperBound..<bytes.endIndex)
        } == nil ? "'\(path)' holds no certificate in PEM form" : nil
    }
}
