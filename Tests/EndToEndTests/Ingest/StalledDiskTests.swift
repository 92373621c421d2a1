import Columnar
import Domain
import EventIngest
import Foundation
import Kafka
import KafkaTestSupport
import Store
import TestSupport
import Testing

/// `marquee ingest` on a disk that stops answering: its `fsync` hangs, while events keep coming.
@Suite(.serialized) struct StalledDiskTests {
    /// Loaded before the C library: as long as the file exists, nothing reaches the disk.
    private static let stallingSync = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <unistd.h>
        int fsync(int descriptor) {
            int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
            const char *file = getenv("STALL_FILE");
            while (file && access(file, F_OK) == 0) usleep(5000);
            return real(descriptor);
        }
        """

    private static let compiler = "/usr/bin/cc"

    private func event(_ i: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        EventEncoder.append(
            Event(
                eventID: "e\(i)", userID: "u\(i)", itemID: "i\(i % 7)", kind: .review, value: 4,
                reviewText: String(repeating: "\(i % 10) good ", count: 150), at: Timestamp(seconds: 1_780_000_000),
                source: "test"), to: &bytes)
        return bytes
    }

    private func rows(of store: String) throws -> Int {
        let table = try DeltaTable.open(at: "\(store)/\(TableContract.events.name)")
        return Int(try table.snapshot().rowCount ?? 0)
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: Self.compiler), "needs a C compiler"))
    func memoryStaysBoundedAndNothingIsLost() async throws {
        try await withTemporaryFolder { folder in
            let library = folder.appending(path: "stall.so").path
            let source = folder.appending(path: "stall.c")
            try Data(Self.stallingSync.utf8).write(to: source)
            let (status, output) = try await runCommand(
                Self.compiler, ["-shared", "-fPIC", "-o", library, source.path, "-ldl"])
            #expect(status == 0, "\(output)")
            try await withMockBroker(
                topics: [Topics.views: 1, Topics.likes: 1, Topics.reviews: 48, Topics.movies: 1]
            ) { broker in
                let store = folder.appending(path: "store").path
                let stall = folder.appending(path: "stalled").path
                let producer = try KafkaProducer(properties: broker.properties)
                try producer.send(event(0), key: "u0", topic: Topics.reviews)
                try producer.flush()
                let ingest = try MarqueeProcess(
                    [
                        "ingest", "--bootstrap-servers", broker.bootstrapServers, "--store", store, "--commit-rows",
                        "1000", "--commit-bytes", "2M", "--commit-interval", "1s", "--keep-text",
                        "--kafka.queued.max.messages.kbytes", "2048", "--kafka.fetch.max.bytes", "1048576",
                        "--kafka.fetch.message.max.bytes", "131072",
                    ], in: folder, environment: ["LD_PRELOAD": library, "STALL_FILE": stall])
                try await eventually("the first event is stored") { (try? rows(of: store)) == 1 }
                let before = ingest.residentBytes

                try Data().write(to: URL(filePath: stall))
                var sent = 1
                var sentBytes = 0
                var peak = 0
                while sent < 60_000 {
                    for _ in 0..<1000 {
                        let bytes = event(sent)
                        sentBytes += bytes.count
                        try producer.send(bytes, key: "u\(sent)", topic: Topics.reviews)
                        sent += 1
                    }
                    try producer.flush()
                    peak = max(peak, ingest.residentBytes)
                }
                try await eventually("it says what it waits for") {
                    peak = max(peak, ingest.residentBytes)
                    return ingest.errors.contains("has not taken a commit")
                }
                // The first file waits for the disk: not one more row is visible.
                #expect(try rows(of: store) == 1)
                #expect(sentBytes > 60 << 20)
                #expect(peak - before < sentBytes / 2, "\(before >> 20) MiB before, \(peak >> 20) MiB at most")

                try FileManager.default.removeItem(atPath: stall)
                let all = sent
                try await eventually("all of it is stored") { (try? rows(of: store)) ?? 0 >= all }
                ingest.signal(SIGINT)
                #expect(try await ingest.result().status == 0)
                #expect(try rows(of: store) == all)
            }
        }
    }
}
