import Foundation
import Kafka
import KafkaTestSupport
import TestSupport
import Testing

@Suite struct EmbeddedBrokerTests {
    @Test func theEmbeddedBrokerWritesAndRemovesItsBootstrapFile() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "bootstrap").path
            var broker: EmbeddedBroker? = try EmbeddedBroker(bootstrapFile: file)
            let properties = try KafkaProperties(contentsOfFile: file)
            #expect(properties.bootstrapServers == broker?.bootstrapServers)
            broker = nil
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }

    @Test func aBootstrapFileThatCannotBeWrittenIsNamed() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "missing/bootstrap").path
            #expect {
                _ = try EmbeddedBroker(bootstrapFile: file)
            } throws: { error in
                guard let error = error as? KafkaError else { return false }
                return error.code == "setting-invalid"
                    && error.message == "--bootstrap-file \(file) is not usable: cannot write there."
            }
        }
    }
}
