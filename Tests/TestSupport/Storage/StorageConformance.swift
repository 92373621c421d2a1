public import Domain
import Foundation
import Synchronization

/// What every ``Storage`` promises, asked of one that is empty. Any implementation can run it.
public enum StorageConformance {
    /// A promise that was not kept.
    public struct Broken: Error, CustomStringConvertible {
        public let description: String
    }

    /// One promise, named by a sentence, and how it is asked for.
    public struct Promise: Sendable {
        public let name: String
        let check: @Sendable (any Storage) throws -> Void

        /// Asks an empty storage for the promise.
        /// - Throws: ``Broken``, or what the storage throws.
        public func check(_ storage: any Storage) throws { try check(storage) }
    }

    public static let promises: [Promise] = reading + writing + sharing

    static func expect(_ condition: Bool, _ what: String) throws {
        if !condition { throw Broken(description: what) }
    }

    static func expect(throws expected: (StorageError) -> Bool, _ what: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as StorageError where expected(error) {
            return
        } catch {
            throw Broken(description: "\(what): it threw \(error)")
        }
        throw Broken(description: "\(what): it threw nothing")
    }
}
