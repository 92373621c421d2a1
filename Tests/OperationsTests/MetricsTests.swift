import Operations
import Testing

@Suite struct MetricsTests {
    @Test func metricsAreWrittenAsPrometheusText() {
        let metrics = Metrics()
        metrics.counter("b_total", help: "Bees.", labels: ["kind": "a\"b"]).increment(by: 3)
        metrics.gauge("a", help: "A gauge.").set(2.5)
        let histogram = metrics.histogram("c_seconds", help: "Waiting.", bounds: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 7] { histogram.observe(value) }
        #expect(
            metrics.text() == """
                # HELP a A gauge.
                # TYPE a gauge
                a 2.5
                # HELP b_total Bees.
                # TYPE b_total counter
                b_total{kind="a\\"b"} 3
                # HELP c_seconds Waiting.
                # TYPE c_seconds histogram
                c_seconds_bucket{le="0.1"} 2
                c_seconds_bucket{le="1"} 3
                c_seconds_bucket{le="+Inf"} 4
                c_seconds_sum 7.65
                c_seconds_count 4

                """)
    }

    @Test func labelsAreTheSameInAnyOrder() {
        let metrics = Metrics()
        metrics.counter("n_total", help: "N.", labels: ["a": "1", "b": "2"]).increment()
        metrics.counter("n_total", help: "N.", labels: ["b": "2", "a": "1"]).increment()
        #expect(metrics.text() == "# HELP n_total N.\n# TYPE n_total counter\nn_total{a=\"1\",b=\"2\"} 2\n")
    }

    @Test func aNameIsOfOneKind() async {
        await #expect(processExitsWith: .failure) {
            let metrics = Metrics()
            _ = metrics.counter("n_total", help: "N.", labels: ["a": "1"])
            _ = metrics.gauge("n_total", help: "N.", labels: ["a": "2"])
        }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity]) func whatIsNoNumberSpoilsNoSum(value: Double) {
        let histogram = Histogram(bounds: [1])
        for value in [0.5, value, 2] { histogram.observe(value) }
        #expect(histogram.snapshot.counts == [1, 1] && histogram.snapshot.sum == 2.5)
    }

    /// What Swift and C libraries allocate is jemalloc's: it was linked before the C library.
    @Test func theHeapIsTheAllocators() {
        let before = Heap.figures
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 20, alignment: 64)
        block.initializeMemory(as: UInt8.self, repeating: 1)
        defer { block.deallocate() }
        #expect(before.allocated > 0 && before.resident >= before.allocated)
        #expect(Heap.figures.allocated >= before.allocated + 60 << 20)
        #expect(Metrics.shared.text().contains("marquee_heap_allocated_bytes "))
    }

    @Test func theSameNameAndLabelsAreTheSameCounter() async {
        let metrics = Metrics()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 { metrics.counter("n_total", help: "N.").increment() }
                }
            }
        }
        #expect(metrics.counter("n_total", help: "N.").count == 8000)
    }
}
