import Domain
import Testing

@testable import EventIngest

struct StallWatchTests {
    @Test func aPartitionThatGivesNothingIsBegunAnewOnceAndThenStalled() {
        var watch = StallWatch()
        let place = TopicPartition("t", 0)
        var findings: [StallWatch.Finding] = []
        for _ in 0...120 { findings += watch.look(at: [place: 7], after: 1, limit: 60) }
        #expect(findings == [.beginAnew(place), .stalled(place)])
        #expect(watch.count == 1)
        #expect(watch.look(at: [place: 8], after: 1, limit: 60).isEmpty)
        #expect(watch.count == 0)
    }

    @Test func aPartitionThatGivesSomethingInTimeIsLeftAlone() {
        var watch = StallWatch()
        let place = TopicPartition("t", 0)
        for next in 0..<300 {
            #expect(watch.look(at: [place: Int64(next / 50)], after: 1, limit: 60).isEmpty)
        }
    }
}
