import Domain
import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Tables whose columns have other names in files than users see.
struct ColumnMappingTests {
    /// A field of a schemaString.
    private func field(_ name: String, _ id: Int?, _ physical: String?, _ type: String = #""long""#) -> String {
        let members = [
            id.map { #""delta.columnMapping.id":\#($0)"# },
            physical.map {
                #""delta.columnMapping.physicalName":"\#($0)""#
            },
        ]
        return
            #"{"name":"\#(name)","type":\#(type),"nullable":true,"metadata":{\#(members.compactMap(\.self).joined(separator: ","))}}"#
    }

    private func table(_ fields: [String], mode: String, in folder: URL) throws -> DeltaTable {
        let schema = #"{"type":"struct","fields":[\#(fields.joined(separator: ","))]}"#
        let actions: [Action] = [
            .versions(ProtocolAction(minReaderVersion: 2, minWriterVersion: 5)),
            .metaData(
                MetaData(
                    id: "x", schemaString: schema, partitionColumns: [],
                    configuration: [ColumnMapping.modeProperty: mode])),
        ]
        let log = folder.appending(path: LogName.folder)
        try FileManager.default.createDirectory(at: log, withIntermediateDirectories: true)
        try Data(actions.map(\.json.text).joined(separator: "\n").utf8).write(
            to: folder.appending(path: LogName.commit(0)))
        return try DeltaTable.open(at: folder.path)
    }

    @Test func columnsThatCannotBeToldApartAreRefused() async throws {
        let inner = #"{"type":"struct","fields":[\#(field("z", 1, "c"))]}"#
        let cases: [(String, [String], String, String)] = [
            ("name", [field("a", 1, "x"), field("b", 1, "y")], "b", "number 1"),
            ("id", [field("a", 1, "x"), field("b", 2, "x")], "b", "called x"),
            ("name", [field("a", 1, "x"), field("b", 2, "y", inner)], "z", "number 1"),
            ("name", [field("a", 1, "x"), field("a", 2, "y")], "a", "two columns are called a"),
            (
                "none", [field("a", nil, nil), field("b", nil, nil), field("a", nil, nil)], "a",
                "two columns are called a"
            ),
            ("name", [field("a", nil, "x")], "a", "no name or number"),
            ("id", [field("a", 1, nil)], "a", "no name or number"),
            ("colour", [field("a", 1, "x")], "colour", "column mapping by colour"),
        ]
        for (mode, fields, column, words) in cases {
            try await withTemporaryFolder { folder in
                let error = #expect(throws: ColumnarError.self) { try table(fields, mode: mode, in: folder) }
                let message = error?.message ?? ""
                #expect(message.contains(words) && message.contains(column), "\(message)")
            }
        }
    }

    @Test(arguments: ["name", "id"]) func filesHaveNamesAndNumbersOfTheirOwn(_ mode: String) async throws {
        try await withTemporaryFolder { folder in
            let inner = #"{"type":"struct","fields":[\#(field("z", 3, "c-z"))]}"#
            let list = #"{"type":"array","elementType":\#(inner),"containsNull":true}"#
            let table = try table(
                [field("a", 1, "b"), field("b", 2, "c"), field("l", 4, "a", list)], mode: mode, in: folder)
            let schema = try table.snapshot().schema
            let elements = Column.structure(
                StructColumn(children: [.int64(PrimitiveColumn([7, 8]))], count: 2))
            let batch = try RecordBatch(
                schema: schema,
                columns: [
                    .int64(PrimitiveColumn([1, 2])), .int64(PrimitiveColumn([10, 20])),
                    .list(ListColumn(offsets: [0, 1, 2], elements: elements)),
                ])
            _ = try table.append([batch])
            let snapshot = try table.snapshot()
            #expect(try snapshot.batches().flatMap(DeltaFixture.rows) == DeltaFixture.rows(batch))
            let file = try ParquetFile(path: folder.appending(path: snapshot.files[0].path).path)
            #expect(file.schema.names == ["b", "c", "a"])
            #expect(file.metadata.schema.compactMap(\.fieldID) == [1, 2, 4, 3])
            #expect(file.metadata.rowGroups[0].columns.map(\.path) == [["b"], ["c"], ["a", "list", "element", "c-z"]])
            let bounds = FileBounds(try #require(table.newestState().files.values.first))
            #expect(bounds.minimum("b", .int64) == .int(1) && bounds.maximum("c", .int64) == .int(20))
            let none = try Columnar.Predicate("a > 5", schema: schema)
            let scan = try snapshot.scan(where: none)
            #expect(scan.fileCount == 0)
            let some = try Columnar.Predicate("b = 20", schema: schema)
            #expect(try table.count(RowMatch(some)) == 1)
            #expect(try table.verify().problems == [])
            let refusal = #expect(throws: ColumnarError.self) { try table.addColumns([Field("d", .int64)]) }
            #expect(refusal?.message.contains("column mapping") == true)
        }
    }

    /// By number, a file without numbers tells nothing.
    @Test func aFileWithoutNumbersIsRefusedWhereTheyCount() async throws {
        try await withTemporaryFolder { folder in
            let table = try table([field("a", 1, "a")], mode: "id", in: folder)
            let schema = Schema([Field("a", .int64)])
            let writer = try ParquetWriter(path: folder.appending(path: "x.parquet").path, schema: schema)
            try writer.write(RecordBatch(schema: schema, columns: [.int64(PrimitiveColumn([1]))]))
            let size = try writer.finish().size
            let add = Add(
                path: "x.parquet", partitionValues: [:], size: size, modificationTime: 0, dataChange: true, stats: nil)
            try Data(Action.add(add).json.text.utf8).write(to: folder.appending(path: LogName.commit(1)))
            let error = #expect(throws: ColumnarError.self) { try table.snapshot().batches() }
            #expect(error?.message.contains("columns without numbers") == true)
        }
    }
}
