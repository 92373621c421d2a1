public import Columnar
import Domain
import Store

/// How findings become rows of `TableContract.quality`.
public enum QualityTable {
    /// One row for each finding, in their order.
    public static func batch(_ findings: [CatalogQuality.Finding]) throws -> RecordBatch {
        func strings(_ value: (CatalogQuality.Finding) -> String?) -> Column {
            .string(BytesColumn(findings.map(value)))
        }
        return try RecordBatch(
            schema: TableContract.quality.schema,
            columns: [
                .string(BytesColumn(findings.map(\.rule))),
                .string(BytesColumn(findings.map { FilmRule(rawValue: $0.rule)?.field ?? "film" })),
                strings(\.itemID), strings(\.title), strings(\.detail),
                .timestamp(PrimitiveColumn(findings.map(\.at.microseconds))),
            ])
    }
}
