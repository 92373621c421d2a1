internal import Glibc

/// An error number of the operating system, and what the system says about it.
public struct SystemError: Hashable, Sendable, CustomStringConvertible {
    /// A value of `errno`.
    public let number: Int32

    /// - Parameter number: a value of `errno`, or what a POSIX call returns in its place.
    public init(_ number: Int32) { self.number = number }

    /// What the last failed system call of this thread left in `errno`. Ask at once: any call may change it.
    public static var last: SystemError { SystemError(errno) }

    /// The system's words, such as `No space left on device`.
    ///
    /// `strerror` answers from storage of the calling thread (glibc 2.32 and later), and the text is copied here.
    public var message: String { String(cString: strerror(number)) }

    /// The same in lower case, as in the middle of a sentence.
    public var clause: String { message.lowercased() }

    public var description: String { message }
}
