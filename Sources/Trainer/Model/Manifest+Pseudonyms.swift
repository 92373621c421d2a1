public import Store

extension Manifest {
    /// Whether users may be looked up in the model by pseudonyms of this key. A model that names no key was trained on identifiers as
    /// they are, or before models named keys: nobody can tell, and every key may.
    /// - Parameter key: the digest of the key; nil for identifiers as they are.
    /// - Throws: ``StoreError/otherPseudonymKey(place:stored:given:)``.
    public func checkPseudonyms(_ key: String?) throws(StoreError) {
        guard let stored = data.pseudonymKey, stored != key else { return }
        throw .otherPseudonymKey(place: "the model \(id)", stored: stored, given: key)
    }
}
