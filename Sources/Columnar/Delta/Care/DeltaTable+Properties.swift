extension DeltaTable {
    /// Sets properties of the table beside those that it has.
    ///
    /// To other writers it is a change of the configuration: a commit that they have prepared meanwhile is refused, and
    /// they look at the table again.
    /// - Parameter condition: asked about the newest version, and no other comes between the answer and the change.
    /// - Returns: whether they are set; false where the condition does not hold.
    @discardableResult
    public func setProperties(
        _ properties: [String: String], where condition: (Snapshot) -> Bool = { _ in true }
    ) throws -> Bool {
        var holds = true
        _ = try rewriting { snapshot, metaData in
            holds = condition(snapshot)
            guard holds else { return nil }
            var metaData = metaData
            metaData.configuration.merge(properties) { $1 }
            return (
                PendingCommit(
                    operation: "SET TBLPROPERTIES", parameters: ["properties": JSON.object(properties).text],
                    actions: [.metaData(metaData)]), []
            )
        }
        return holds
    }
}
