import Domain
import Foundation
import Operations
import TestSupport
import Testing

@Suite struct DigestTests {
    /// FIPS 180-4 examples, as published by NIST.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func digestsAreThoseThatNISTPublished(text: String, expected: String) {
        #expect(Digest.sha256(text).hex == expected)
    }

    @Test func aFileLargerThanThePieceItIsReadIn() async throws {
        try await withTemporaryFolder { folder in
            let bytes = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let file = folder.appending(path: "bytes")
            try Data(bytes).write(to: file)
            #expect(try Digest.sha256(fileAt: file.path) == Digest.sha256(bytes))
        }
    }

    @Test func aMissingFileIsNamed() {
        let error = #expect(throws: OperationsError.self) { try Digest.sha256(fileAt: "/nowhere/at/all") }
        #expect(error?.message == "Cannot read '/nowhere/at/all': No such file or directory.")
        #expect(error?.category == .notFound)
    }
}
