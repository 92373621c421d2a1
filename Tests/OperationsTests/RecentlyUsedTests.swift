import Operations
import Testing

@Suite("Memory of recent use")
struct RecentlyUsedTests {
    @Test("what is asked for again stays, what is not goes, and there are never more than the capacity")
    func bound() {
        let memory = RecentlyUsed<Int, String>(capacity: 10)
        for number in 0..<100 {
            memory[number] = "\(number)"
            #expect(memory[number] == "\(number)")
            #expect(memory[0] == "0")
            #expect(memory.count <= 10)
        }
        #expect(memory[1] == nil)
    }

    @Test("setting nothing changes nothing")
    func nothing() {
        let memory = RecentlyUsed<String, Int>(capacity: 2)
        memory["a"] = 1
        memory["a"] = nil
        #expect(memory["a"] == 1 && memory.count == 1)
    }
}
