import Columnar
import Domain
import Foundation
import TestSupport
import Testing

@testable import ObjectStore

/// A second implementation, which no part of ours or of moto's has seen: OpenStack Swift's S3 interface. It has no conditional
/// writes, so that tables in it can be read and nothing more.
@Suite(
    .serialized,
    .enabled(
        if: ObjectServer.hasOpenStack && ObjectServer.isAvailable,
        "needs OpenStack Swift (Debian's swift-proxy, swift-account, swift-container, swift-object) and make venv"))
struct OpenStackTests {
    @Test func aServiceWithoutConditionalWritesIsReadAndNeverWritten() async throws {
        let server = try await ObjectServer.openStack()
        try await withTemporaryFolder { folder in
            let local = folder.appending(path: "table").path
            let schema = Schema([Field("number", .int64), Field("text", .string)])
            let numbers = (0..<5000).map(Int64.init)
            let batch = try RecordBatch(
                schema: schema,
                columns: [
                    .int64(PrimitiveColumn(numbers)),
                    .string(BytesColumn(numbers.map { "\($0 &* 0x9E37_79B9)" })),
                ])
            _ = try DeltaTable.create(at: local, schema: schema).append([batch])
            // Written by another's client.
            let (status, output) = try await runPython(
                """
                import boto3, os, sys
                from botocore.config import Config
                folder, bucket, prefix = sys.argv[1:]
                settings = Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required")
                client = boto3.client("s3", config=settings)
                for root, _, names in os.walk(folder):
                    for name in names:
                        path = os.path.join(root, name)
                        client.put_object(Bucket=bucket, Key=f"{prefix}/{os.path.relpath(path, folder)}", Body=open(path, "rb"))
                """, [local, ObjectServer.bucket, "a table/+x"],
                environment: server.environment(cache: folder).merging(["AWS_DEFAULT_REGION": ObjectServer.region]) {
                    $1
                })
            try #require(status == 0, "\(output)")

            let storage = try ConformanceTests.storage(on: server, prefix: "/a table/+x", cache: folder.path)
            let table = try DeltaTable.open(storage)
            var scan = try table.snapshot().scan()
            var read: [Int64] = []
            while let batch = try scan.next() {
                guard case .int64(let column) = batch.columns[0] else { break }
                read += column.values
            }
            #expect(read == numbers)
            let refusal = ObjectStoreError.ignoresCondition(endpoint: server.url, header: "If-None-Match")
            #expect(throws: refusal) { try table.append([batch]) }
            #expect(try DeltaTable.open(storage).snapshot().version == 1)
            let other = try ConformanceTests.storage(on: server, prefix: "/other", cache: folder.path)
            #expect(throws: refusal) { try DeltaTable.create(other, schema: schema) }
            #expect(try !other.exists())
        }
    }
}
