import Foundation

/// What the system says about an error number.
func systemMessage(_ errno: Int32) -> String {
    String(cString: strerror(errno))
}
