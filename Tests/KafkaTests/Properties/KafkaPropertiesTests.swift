import Foundation
import Kafka
import TestSupport
import Testing

@Suite struct KafkaPropertiesTests {
    private func read(_ text: String) async throws -> KafkaProperties {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "client.properties")
            try Data(text.utf8).write(to: file)
            return try KafkaProperties(contentsOfFile: file.path)
        }
    }

    /// As Confluent Cloud hands it out for Java clients.
    @Test func aCloudsFileBecomesLibrdkafkasProperties() async throws {
        let properties = try await read(
            """
            # Required connection configs for Kafka producer, consumer, and admin
            bootstrap.servers=pkc-1.example.com:9092
            security.protocol=SASL_SSL
            sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username='KEY' password='S3CR=T';
            sasl.mechanism=PLAIN
            # Required for correctness in Apache Kafka clients prior to 2.6
            client.dns.lookup=use_all_dns_ips
            session.timeout.ms=45000
            acks=all
            schema.registry.url=https://psrc-1.example.com
            basic.auth.credentials.source=USER_INFO
            basic.auth.user.info=SRKEY:SRSECRET
            """)
        #expect(
            properties.values == [
                "bootstrap.servers": "pkc-1.example.com:9092", "security.protocol": "SASL_SSL",
                "sasl.mechanisms": "PLAIN", "sasl.username": "KEY", "sasl.password": "S3CR=T",
                "session.timeout.ms": "45000", "acks": "all",
            ])
        #expect(properties.ignored == ["client.dns.lookup"])
        #expect(properties.schemaRegistry["schema.registry.url"] == "https://psrc-1.example.com")
        #expect(Set(properties.secrets) == ["S3CR=T", "SRKEY:SRSECRET"])
        try properties.check()
    }

    /// The examples of `java.util.Properties.load`, and what else its grammar allows.
    @Test func aPropertiesFileIsReadAsJavaReadsIt() async throws {
        let properties = try await read(
            "! comment\r\n\n  client.id : with\\u0020blanks\\ and \\\\ backslash  \r\nsasl.username\tuser\n"
                + "bootstrap.servers = a:1,\\\n    b:2,\\\n    c:3\nsasl\\.password=p\\:\\=w\ngroup.id=\ndebug=x\ndebug=all"
        )
        #expect(
            properties.values == [
                "client.id": "with blanks and \\ backslash", "sasl.username": "user",
                "bootstrap.servers": "a:1,b:2,c:3", "sasl.password": "p:=w", "group.id": "", "debug": "all",
            ])
    }

    @Test func aLineThatIsNoneIsNamedAndNotQuoted() async throws {
        await #expect {
            _ = try await read("acks=all\n# x\nhunter2secret\n")
        } throws: { error in
            guard let error = error as? KafkaError, case .unreadableProperties(_, 3, _) = error else { return false }
            return !error.message.contains("hunter2")
        }
    }

    @Test func namesAreCheckedWithoutAClient() {
        #expect {
            try KafkaProperties(["sasl.usrname": "u"]).check()
        } throws: { error in
            guard case KafkaError.unknownProperty("sasl.usrname", nil) = error else { return false }
            return true
        }
        #expect(KafkaProperties.knownNames.contains("sasl.username"))
        #expect(KafkaProperties.knownNames.contains("acks"))
        #expect(!KafkaProperties.knownNames.contains("stats_cb"))
    }

    @Test func aRefusedSecretIsNotQuoted() {
        #expect {
            try KafkaProperties(["ssl.key.password": "hunter2secret", "acks": "eleven"]).check()
        } throws: { error in
            guard let error = error as? KafkaError, case .invalidProperty("acks", _) = error else { return false }
            return !error.message.contains("hunter2")
        }
    }
}
