internal import Foundation

/// The text of `errno`, lower case as in the middle of a sentence.
func lastSystemError() -> String { String(cString: strerror(errno)).lowercased() }
