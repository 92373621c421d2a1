internal import Domain

/// Looks for what is left of a person.
public struct PrivacyVerifier: Sendable {
    /// What was found in one place.
    public struct Result: Codable, Sendable, Hashable {
        public var store: String
        /// In words, without the identifier.
        public var places: [String]
        /// Why it could not be looked at; nil if it was.
        public var reason: String?
    }

    private let stores: PersonalStores

    /// A look at these places.
    public init(_ stores: PersonalStores) { self.stores = stores }

    /// Looks at one place after another. Reads every byte.
    public func look(for user: String) async -> [Result] {
        var results: [Result] = []
        for store in stores.all {
            var result = Result(store: store.declaration.name, places: [])
            do {
                result.places = try await store.verify(user)
            } catch {
                result.reason = (error as? any Fault)?.message ?? "\(error)"
            }
            results.append(result)
        }
        return results
    }
}
