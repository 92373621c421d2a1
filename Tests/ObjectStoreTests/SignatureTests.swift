import Domain
import Operations
import Testing

@testable import ObjectStore

/// The examples that AWS publishes under "Signature Calculations for the Authorization Header: Transferring Payload in a
/// Single Chunk (AWS Signature Version 4)".
struct SignatureTests {
    private static let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    private static let host = (name: "Host", value: "examplebucket.s3.amazonaws.com")
    private static let date = (name: "x-amz-date", value: "20130524T000000Z")

    private static func signature(
        _ method: String, _ path: String, query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], body: String = ""
    ) throws -> SignatureV4 {
        let hash = Digest.sha256(body).hex
        return SignatureV4(
            method: method, path: path, query: query,
            headers: headers + [host, ("x-amz-content-sha256", hash), date], payloadHash: hash,
            time: try #require(Timestamp("2013-05-24T00:00:00Z")), region: "us-east-1")
    }

    @Test func aRangeOfAnObject() throws {
        let signature = try Self.signature("GET", "/test.txt", headers: [("Range", "bytes=0-9")])
        #expect(
            signature.canonicalRequest == """
                GET
                /test.txt

                host:examplebucket.s3.amazonaws.com
                range:bytes=0-9
                x-amz-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                x-amz-date:20130524T000000Z

                host;range;x-amz-content-sha256;x-amz-date
                e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                """)
        #expect(
            signature.stringToSign == """
                AWS4-HMAC-SHA256
                20130524T000000Z
                20130524/us-east-1/s3/aws4_request
                7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972
                """)
        #expect(
            signature.authorization(key: "AKIAIOSFODNN7EXAMPLE", secret: Self.secret)
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test func anObjectThatIsStored() throws {
        let signature = try Self.signature(
            "PUT", "/" + URIText.encoded("test$file.text", slash: false),
            headers: [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            body: "Welcome to Amazon S3.")
        #expect(signature.canonicalRequest.hasPrefix("PUT\n/test%24file.text\n\ndate:Fri, 24 May 2013 00:00:00 GMT\n"))
        #expect(
            signature.stringToSign.hasSuffix("9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d"))
        #expect(
            signature.signature(secret: Self.secret)
                == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
    }

    @Test func aParameterWithoutAValue() throws {
        let signature = try Self.signature("GET", "/", query: [("lifecycle", "")])
        #expect(
            signature.stringToSign.hasSuffix("9766c798316ff2757b517bc739a67f6213b4ab36dd5da2f94eaebf79c77395ca"))
        #expect(
            signature.signature(secret: Self.secret)
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
    }

    @Test func aListing() throws {
        // In another order than the signed one.
        let signature = try Self.signature("GET", "/", query: [("prefix", "J"), ("max-keys", "2")])
        #expect(
            signature.stringToSign.hasSuffix("df57d21db20da04d7fa30298dd4488ba3a2b47ca3a489c74750e0f1e7df1b9b7"))
        #expect(
            signature.signature(secret: Self.secret)
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
    }

    @Test func whatKeysAndParametersHoldIsEncoded() {
        #expect(URIText.encoded("a=1/b c/ä+:~", slash: false) == "a%3D1/b%20c/%C3%A4%2B%3A~")
        #expect(URIText.encoded("a/b", slash: true) == "a%2Fb")
        #expect(URIText.decoded("a+b%2Bc%C3%A4") == "a b+cä")
    }
}
