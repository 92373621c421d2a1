import Testing

@testable import Operations

@Suite struct AvailableMemoryTests {
    @Test func readsWhatLinuxSays() throws {
        #expect(AvailableMemory.machine(of: "MemTotal:  9 kB\nMemAvailable:   2048 kB\n") == 2 << 20)
        #expect(AvailableMemory.machine(of: "nothing") == nil && AvailableMemory.machine(of: nil) == nil)
        #expect(try #require(AvailableMemory.bytes()) > 0)
    }
}
