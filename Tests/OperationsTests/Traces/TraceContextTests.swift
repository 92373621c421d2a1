import Testing

@testable import Operations

struct TraceContextTests {
    private static let example = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func aContextIsReadAndHandedOnWithASpanOfItsOwn() throws {
        let context = try #require(TraceContext(traceparent: Self.example, state: "a=1"))
        #expect(context.isSampled && context.traceparent == Self.example)
        let child = context.child()
        #expect(child.spanID != context.spanID && child.traceHex == context.traceHex && child.state == "a=1")
        #expect(child.traceparent.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-"))
        let unsampled = try #require(TraceContext(traceparent: String(Self.example.dropLast(2)) + "02"))
        #expect(!unsampled.isSampled && unsampled.traceparent.hasSuffix("-00"))
    }

    @Test(arguments: [
        "", "00", String(example.dropLast()), example + "0", example + "-00", example.uppercased(),
        "ff" + example.dropFirst(2), "0x" + example.dropFirst(2),
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
        "00-é0af7651916cd43dd8448eb211c8031-b7ad6b7169203331-01",
    ])
    func whatIsNotByTheRulesIsNoContext(text: String) { #expect(TraceContext(traceparent: text) == nil) }

    @Test func laterVersionsAreUnderstoodAsFarAsTheyAreTheSame() {
        let later = "cc" + Self.example.dropFirst(2)
        #expect(TraceContext(traceparent: later)?.traceparent == Self.example)
        #expect(TraceContext(traceparent: later + "-what-the-future-holds")?.traceparent == Self.example)
        #expect(TraceContext(traceparent: later + ".what") == nil)
    }

    @Test func aNewTraceHasRandomIdentifiers() {
        let contexts = (0..<100).map { _ in TraceContext(isSampled: true) }
        #expect(Set(contexts.map(\.traceHex)).count == 100 && Set(contexts.map(\.spanID)).count == 100)
        for context in contexts {
            #expect(TraceContext(traceparent: context.traceparent)?.traceHex == context.traceHex)
        }
    }
}

struct TracerTests {
    @Test func nothingIsCollectedUntilSomebodyWantsIt() throws {
        let tracer = Tracer()
        #expect(tracer.begin("a", .server, below: nil) == nil)
        tracer.enable(capacity: 2)
        try #require(tracer.begin("a", .server, below: nil)).end()
        #expect(tracer.take(10).map(\.name) == ["a"] && tracer.take(10).isEmpty)
    }

    @Test func aFullQueueDropsAndNeverWaits() throws {
        let tracer = Tracer()
        tracer.enable(capacity: 2)
        for name in ["a", "b", "c"] { try #require(tracer.begin(name, .server, below: nil)).end() }
        #expect(tracer.take(1).map(\.name) == ["a"])
        try #require(tracer.begin("d", .server, below: nil)).end()
        #expect(tracer.take(10).map(\.name) == ["b", "d"])
    }

    @Test func theCallerDecidesWhetherItsTraceIsKept() throws {
        let tracer = Tracer()
        tracer.enable(ratio: 0)
        try #require(tracer.begin("root", .server, below: nil)).end()
        let kept = TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        let left = TraceContext(traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
        try #require(tracer.begin("kept", .server, below: kept)).end()
        try #require(tracer.begin("left", .server, below: left)).end()
        #expect(tracer.take(10).map(\.name) == ["kept"])
    }
}
