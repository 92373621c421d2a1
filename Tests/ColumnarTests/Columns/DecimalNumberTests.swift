import Testing

@testable import Columnar

struct DecimalNumberTests {
    @Test(arguments: [
        "0", "0.00", "-0.05", "1.25", "-12345678901234567890.1234567890", "99999999999999999999999999999999999999",
    ])
    func textComesBackAsItWas(text: String) throws {
        #expect(try #require(DecimalNumber(text)).description == text)
    }

    @Test(arguments: ["", ".", "-", "1e3", "0.-5", "1.2.3", "0x1", "999999999999999999999999999999999999999"])
    func whatIsNoDecimalIsNone(text: String) { #expect(DecimalNumber(text) == nil) }

    @Test func numbersCompareByValueWhateverTheirScale() throws {
        let rising = [
            "-99999999999999999999999999999999999999", "-1.5", "-0.0000000000000000000000000000000000001", "0",
            "0.1", "1.49", "1.5", "99999999999999999999999999999999999999",
        ].compactMap { DecimalNumber($0) }
        #expect(rising.count == 8 && rising.sorted() == rising)
        for (a, b) in zip(rising, rising.dropFirst()) { #expect(a < b && !(b < a) && a != b) }
        let (short, long) = (try #require(DecimalNumber("1.5")), try #require(DecimalNumber("1.500")))
        #expect(short == long && !(short < long) && Set([short, long]).count == 1)
    }

    @Test func bytesAreBigEndianTwosComplementOfAnyLength() {
        #expect(Int128(bigEndian: [0x7F]) == 127)
        #expect(Int128(bigEndian: [0xFF, 0x85]) == -123)
        #expect(Int128(bigEndian: [UInt8](repeating: 0xFF, count: 20)) == -1)
        #expect(Int128(bigEndian: [0x00] + [UInt8](repeating: 0xFF, count: 16)) == nil)
        #expect(Int128(bigEndian: [0x01] + [UInt8](repeating: 0, count: 16)) == nil)
        #expect(Int128(bigEndian: [UInt8]()) == nil)
    }
}
