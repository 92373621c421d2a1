import Testing

@testable import Platform

@Suite("The rate of a key")
struct TokenBucketTests {
    @Test("a second's worth may come at once, then as many as the rate says")
    func quota() {
        let bucket = TokenBucket(rate: 5)
        let start = ContinuousClock.now + .seconds(10)
        for left in (0..<5).reversed() {
            let outcome = bucket.take(at: start)
            #expect(outcome.wait == nil && outcome.remaining == Int64(left))
        }
        let refused = bucket.take(at: start)
        #expect(refused.wait == 200_000_000 && refused.remaining == 0)
        // What was refused took nothing.
        #expect(bucket.take(at: start + .milliseconds(199)).wait == 1_000_000)
        #expect(bucket.take(at: start + .milliseconds(200)).wait == nil)
        #expect(bucket.take(at: start + .milliseconds(200)).wait != nil)
        // A rest fills it, and no more than fills it.
        #expect(bucket.take(at: start + .seconds(3600)).remaining == 4)
    }

    @Test("rates far below and above one a second keep their meaning", arguments: [0.001, 0.3, 1, 2.5, 1e6, 1e12])
    func extremes(rate: Double) {
        let bucket = TokenBucket(rate: rate)
        let start = ContinuousClock.now + .seconds(10)
        #expect(bucket.take(at: start).wait == nil)
        if rate < 1 {
            let wait = bucket.take(at: start).wait ?? 0
            #expect(abs(Double(wait) - 1e9 / rate) < 1e3)
            #expect(bucket.window == Int64((1 / rate).rounded(.up)))
        }
    }

    @Test("threads together get what one would")
    func threads() async {
        let bucket = TokenBucket(rate: 1000)
        let start = ContinuousClock.now + .seconds(10)
        let allowed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<500).count { _ in bucket.take(at: start).wait == nil } }
            }
            return await group.reduce(0, +)
        }
        #expect(allowed == 1000)
    }

    @Test("the fields are those of the draft and of its earlier versions")
    func fields() {
        let bucket = TokenBucket(rate: 2.5)
        let fields = Dictionary(uniqueKeysWithValues: bucket.fields(bucket.take(at: .now + .seconds(1))))
        #expect(
            fields == [
                "RateLimit-Policy": "\"key\";q=3;w=2", "RateLimit": "\"key\";r=2;t=1", "RateLimit-Limit": "3",
                "RateLimit-Remaining": "2", "RateLimit-Reset": "1",
            ])
    }
}
