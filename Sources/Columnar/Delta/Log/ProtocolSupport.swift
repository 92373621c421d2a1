/// What this module understands of tables that others made. The rest is refused by name, never misread.
extension ProtocolAction {
    /// What files are read with: rows left out, other names, older files with narrower types, checkpoints of another
    /// form. Of variants only the columns are left out.
    private static let readable: Set<String> = [
        "timestampNtz", "vacuumProtocolCheck", "deletionVectors", "columnMapping", "v2Checkpoint", "typeWidening",
        "typeWidening-preview", "variantType", "variantType-preview", "variantShredding", "variantShredding-preview",
    ]
    /// And what a commit upholds, or is refused for where it is in use: see ``checkWritable(_:table:)``.
    private static let writable: Set<String> = readable.union([
        "appendOnly", "invariants", "checkConstraints", "changeDataFeed", "generatedColumns", "identityColumns",
        "allowColumnDefaults", "inCommitTimestamp", "domainMetadata", "clustering",
    ])
    /// Of a field's metadata: what a value that is written would have to agree with, or be made of.
    private static let valueRules: Set<String> = [
        "delta.invariants", "delta.generationExpression", "CURRENT_DEFAULT",
    ]

    /// - Throws: ``ColumnarError/unsupported(file:feature:)`` naming what stands in the way of reading.
    func checkReadable(_ metaData: MetaData, table: String) throws {
        if minReaderVersion > 3 {
            throw ColumnarError.unsupported(file: table, feature: "reader version \(minReaderVersion)")
        }
        if minReaderVersion == 3 {
            for feature in (readerFeatures ?? []).sorted() where !Self.readable.contains(feature) {
                throw ColumnarError.unsupported(file: table, feature: "the reader feature \(feature)")
            }
        }
        if metaData.formatProvider != "parquet" {
            throw ColumnarError.unsupported(file: table, feature: "the file format \(metaData.formatProvider)")
        }
    }

    /// - Throws: ``ColumnarError/unsupported(file:feature:)`` naming what stands in the way of writing.
    func checkWritable(_ metaData: MetaData, table: String) throws {
        try checkReadable(metaData, table: table)
        if minWriterVersion > 2 {
            // Versions 3 to 6 stand for fixed sets of features, which matter where they are in use.
            let features = minWriterVersion == 7 ? writerFeatures ?? [] : []
            for feature in features.sorted() where !Self.writable.contains(feature) {
                throw ColumnarError.unsupported(file: table, feature: "the writer feature \(feature)")
            }
            if minWriterVersion > 7 {
                throw ColumnarError.unsupported(file: table, feature: "writer version \(minWriterVersion)")
            }
        }
        if metaData.configuration["delta.enableChangeDataFeed"] == "true" {
            throw ColumnarError.unsupported(file: table, feature: "writing with a change data feed")
        }
        if let constraint = metaData.configuration.keys.filter({ $0.hasPrefix("delta.constraints.") }).min() {
            throw ColumnarError.unsupported(file: table, feature: "writing under the constraint \(constraint)")
        }
        for key in SchemaString.metadataKeys(metaData.schemaString).sorted()
        where Self.valueRules.contains(key) || key.hasPrefix("delta.identity.") {
            throw ColumnarError.unsupported(file: table, feature: "writing columns with \(key)")
        }
    }
}
