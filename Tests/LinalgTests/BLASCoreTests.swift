import Testing

@testable import Linalg

@Suite struct BLASCoreTests {
    @Test(arguments: [
        ("Prescott", 3, "SkylakeX"), ("Haswell", 3, "SkylakeX"), ("Zen", 3, "SkylakeX"), ("SkylakeX", 3, nil),
        ("Sapphirerapids", 3, nil), ("Prescott", 2, "Haswell"), ("Zen", 2, nil), ("Haswell", 2, nil),
        ("Prescott", 0, nil),
    ])
    func aBetterCoreIsTakenWhereTheProcessorBearsIt(core: String, level: Int, expected: String?) {
        #expect(BLASCore.better(than: core, level: level) == expected)
    }
}
