import Domain
import Kafka
import KafkaTestSupport
import TestSupport
import Testing

@Suite struct KafkaConsumerTests {
    /// A poll that may take thousands of messages and wait an hour returns with the three that are there.
    @Test(.timeLimit(.minutes(2))) func aPollDoesNotWaitForMoreThanThereIs() async throws {
        try await withMockBroker(topics: ["films": 1]) { broker in
            try produce(["a", "b", "c"], to: "films", of: broker.properties)
            let quiet = broker.properties.merging(KafkaProperties(["fetch.wait.max.ms": "100"]))
            let consumer = try KafkaConsumer(properties: quiet, group: "few")
            try consumer.assign([TopicPartition("films", 0): 0])
            var found: [String] = []
            while found.count < 3 {
                consumer.poll(timeout: 3600) { arrival in
                    guard case .messages(let messages) = arrival else { return }
                    for i in 0..<messages.count { found.append(String(decoding: messages[i].payload, as: UTF8.self)) }
                }
            }
            #expect(found == ["a", "b", "c"])
        }
    }

    @Test(arguments: [0, 1, 5])
    func theEndsOfManyPartitionsAreThoseOfEach(failures: Int) async throws {
        try await withMockBroker(brokers: 3, topics: ["films": 40, "views": 20]) { broker in
            for i in 0..<30 {
                try produce(
                    ["one", "two"], key: "user-\(i)", to: i % 2 == 0 ? "films" : "views", of: broker.properties)
            }
            let consumer = try KafkaConsumer(properties: broker.properties, group: "ends")
            let places = try consumer.partitions(of: ["views", "films"]).shuffled()
            let each = try places.map { try consumer.watermarks(of: $0) }
            #expect(each.map(\.count).reduce(0, +) == 60)
            // The consumer knows the old leaders still.
            broker.setLeader(of: places[7], to: 1)
            broker.setLeader(of: places[8], to: 2)
            broker.fail(.listOffsets, with: Array(repeating: .notLeader, count: failures))
            #expect(try consumer.watermarks(of: places) == each)
            #expect(try consumer.watermarks(of: [TopicPartition]()).isEmpty)
        }
    }

    /// However often it is refused.
    @Test(.timeLimit(.minutes(2))) func aQuestionForEndsStopsWithItsTime() async throws {
        try await withMockBroker(topics: ["films": 1]) { broker in
            try produce(["one", "two"], to: "films", of: broker.properties)
            let consumer = try KafkaConsumer(properties: broker.properties, group: "ends")
            let place = TopicPartition("films", 0)
            #expect(try consumer.watermarks(of: place) == 0..<2)
            broker.fail(.listOffsets, with: Array(repeating: .notLeader, count: 2000))
            let error = #expect(throws: KafkaError.self) { try consumer.watermarks(of: place, timeout: 1) }
            #expect(error?.category == .unavailable)
        }
    }

    @Test func anAbsentBrokerIsReportedWithItsAddress() throws {
        let properties = KafkaProperties(bootstrapServers: "127.0.0.1:1")
        let consumer = try KafkaConsumer(properties: properties, group: "g")
        #expect {
            _ = try consumer.partitions(of: ["films"], timeout: 1)
        } throws: { error in
            guard case KafkaError.brokerUnreachable(let servers, _) = error else { return false }
            return servers == "127.0.0.1:1"
        }
    }

    @Test func groupMembersGetPartitionsAndStartWhereTheyAreTold() async throws {
        try await withMockBroker(topics: ["films": 1]) { broker in
            try produce((0..<10).map(String.init), to: "films", of: broker.properties)
            let consumer = try KafkaConsumer(properties: broker.properties, group: "readers")
            try consumer.subscribe(["films"])
            var read: [String] = []
            while read.count < 4 {
                consumer.poll(timeout: 0.2) { arrival in
                    guard case .messages(let messages) = arrival else { return }
                    read += (0..<messages.count).map { String(decoding: messages[$0].payload, as: UTF8.self) }
                }
                if case .assigned(let places) = consumer.pendingRebalance {
                    #expect(places == [TopicPartition("films", 0)])
                    try consumer.answerRebalance(offsets: [TopicPartition("films", 0): 6])
                }
            }
            #expect(read == ["6", "7", "8", "9"])
        }
    }

    @Test func hintsAreVisibleToFollowers() async throws {
        try await withMockBroker(topics: ["films": 1]) { broker in
            let place = TopicPartition("films", 0)
            try produce(["a", "b"], to: "films", of: broker.properties)
            let consumer = try KafkaConsumer(properties: broker.properties, group: "readers")
            try consumer.assign([place: 0])
            consumer.commitHint([place: 2])
            let follower = try KafkaConsumer(properties: broker.properties, group: "readers")
            var seen: Int64?
            while seen == nil { seen = try follower.committed([place])[place] }
            #expect(seen == 2)
        }
    }
}
