/// What this module understands of tables that others made. The rest is refused by name, never misread.
extension ProtocolAction {
    /// Features whose tables read the same as without them, or whose effects are refused where they show: a file with
    /// a deletion vector, a column mapping that is on.
    private static let readableAndWritable: Set<String> = [
        "timestampNtz", "vacuumProtocolCheck", "deletionVectors", "columnMapping",
    ]
    /// These, too, read the same, but for columns that are then left out, and older files with narrower types.
    private static let readable: Set<String> = readableAndWritable.union([
        "typeWidening", "typeWidening-preview", "variantType", "variantType-preview", "variantShredding-preview",
    ])
    private static let writable: Set<String> = readableAndWritable.union([
        "appendOnly", "invariants", "checkConstraints", "changeDataFeed", "generatedColumns",
    ])

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
        if let mode = metaData.configuration["delta.columnMapping.mode"], mode != "none" {
            throw ColumnarError.unsupported(file: table, feature: "column mapping by \(mode)")
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
        where ["delta.invariants", "delta.generationExpression"].contains(key) || key.hasPrefix("delta.identity.") {
            throw ColumnarError.unsupported(file: table, feature: "writing columns with \(key)")
        }
    }
}
