import Columnar
import Domain
import Foundation
import TestSupport
import Testing

@Suite struct ParquetRoundTripTests {
    @Test func encodingsOnRequestComeBack() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            var options = ParquetOptions()
            options.dictionaries = false
            options.deltaColumns = ["id", "small", "day", "at"]
            options.byteStreamSplitColumns = ["f", "d"]
            let batch = try SampleRows.batch(count: 5000)
            let writer = try ParquetWriter(path: path, schema: SampleRows.schema, options: options)
            try writer.write(batch)
            _ = try writer.finish()
            #expect(try ParquetFile(path: path).read(rowGroup: 0).rows == batch.rows)
        }
    }

    @Test func projectionReadsOnlyWhatIsAskedFor() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            let writer = try ParquetWriter(path: path, schema: SampleRows.schema)
            let batch = try SampleRows.batch(count: 100)
            try writer.write(batch)
            _ = try writer.finish()
            let read = try ParquetFile(path: path).read(columns: ["name", "id"], rowGroup: 0)
            #expect(read.schema.names == ["name", "id"])
            #expect(read.rows == batch.rows.map { [$0[5], $0[0]] })
            #expect(throws: ColumnarError.self) {
                try ParquetFile(path: path).read(columns: ["nobody"], rowGroup: 0)
            }
        }
    }

    @Test func anEmptyFileHasASchemaAndNoRows() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "a.parquet").path
            _ = try ParquetWriter(path: path, schema: SampleRows.schema).finish()
            let file = try ParquetFile(path: path)
            #expect(file.rowCount == 0 && file.rowGroupCount == 0 && file.schema == SampleRows.schema)
        }
    }
}
