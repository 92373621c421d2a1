import Foundation
import TestSupport
import Testing

@testable import Columnar

/// Every file is written anew with other values, in one commit.
@Suite struct DeltaTransformTests {
    @Test(arguments: [["day", "source"], ["source"], []])
    func rowsKeepTheirPartitions(columns: [String]) async throws {
        try await withTemporaryFolder { folder in
            let table = try DeltaFixture.table(at: folder, partitionedBy: columns)
            _ = try table.append([DeltaFixture.batch(0..<12)])
            let before = try DeltaFixture.rows(table.snapshot())
            let report = try table.transform(
                setting: ["marquee.test": "1"], operation: "TEST",
                where: { $0.configuration["marquee.test"] != "1" }
            ) { $0 }
            let after = try table.snapshot()
            #expect(report?.rowsDeleted == 0 && after.configuration["marquee.test"] == "1")
            #expect(try DeltaFixture.rows(after) == before)
            let again = try table.transform(
                setting: ["marquee.test": "1"], operation: "TEST",
                where: { $0.configuration["marquee.test"] != "1" }
            ) { $0 }
            #expect(again == nil)
        }
    }
}
