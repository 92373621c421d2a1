import Domain
import Foundation
import TestSupport
import Testing

@testable import ObjectStore

struct SettingsTests {
    private static let keys = [
        "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    ]

    @Test func theEnvironmentSaysWhichServiceItIs() throws {
        let plain = try ObjectStoreSettings(environment: Self.keys)
        #expect(plain.endpoint == "https://s3.us-east-1.amazonaws.com" && plain.style == .virtual)
        let other = try ObjectStoreSettings(
            environment: Self.keys.merging([
                "AWS_DEFAULT_REGION": "eu-west-3", "AWS_ENDPOINT_URL": "http://a:1", "AWS_SESSION_TOKEN": "t",
                "AWS_ENDPOINT_URL_S3": "HTTPS://S3.Example.org:443/",
            ]) { $1 })
        #expect(other.endpoint == "https://s3.example.org" && other.region == "eu-west-3" && other.style == .path)
        #expect(try other.credentials() == ObjectCredentials(key: "k", secret: "s", token: "t"))
        let given = try ObjectStoreSettings(environment: Self.keys, endpoint: "http://[::1]:9000", style: .virtual)
        #expect(given.endpoint == "http://[::1]:9000" && given.style == .virtual)
        #expect(throws: ObjectStoreError.self) {
            try ObjectStoreSettings(environment: Self.keys, endpoint: "http://anna:secret@host")
        }
    }

    @Test func profilesAreReadFromBothFiles() async throws {
        try await withTemporaryFolder { folder in
            let credentials = folder.appending(path: "credentials")
            let config = folder.appending(path: "config")
            try Data("# mine\n[films]\naws_access_key_id=k2\r\naws_secret_access_key = s2=/+\n".utf8).write(
                to: credentials)
            try Data(
                "[profile films]\nregion = eu-north-1\nendpoint_url = http://minio:9000\ns3 =\n  addressing_style = path\n"
                    .utf8
            ).write(to: config)
            let environment = [
                "AWS_PROFILE": "films", "AWS_SHARED_CREDENTIALS_FILE": credentials.path, "AWS_CONFIG_FILE": config.path,
            ]
            let settings = try ObjectStoreSettings(environment: environment)
            #expect(settings.region == "eu-north-1" && settings.endpoint == "http://minio:9000")
            #expect(try settings.credentials() == ObjectCredentials(key: "k2", secret: "s2=/+"))
            #expect(throws: ObjectStoreError.noCredentials(profile: "other")) {
                try ObjectStoreSettings(environment: environment.merging(["AWS_PROFILE": "other"]) { $1 })
            }
        }
    }

    @Test func anAuthorityThatCannotBeReadIsNoOutage() async throws {
        try await withTemporaryFolder { folder in
            let empty = folder.appending(path: "empty.pem")
            try Data("nothing".utf8).write(to: empty)
            for (path, text) in [
                ("/nowhere/ca.pem", "no file"), (folder.path, "folder"), (empty.path, "no certificate"),
            ] {
                let error = #expect(throws: ObjectStoreError.self) {
                    try ObjectStoreSettings(environment: Self.keys.merging(["AWS_CA_BUNDLE": path]) { $1 })
                }
                #expect(error?.category == .usage && error?.message.contains("AWS_CA_BUNDLE") == true)
                #expect(error?.message.contains(text) == true && error?.advice.isEmpty == false)
            }
        }
    }

    @Test func credentialsAreNeverShown() {
        let credentials = ObjectCredentials(key: "the-key", secret: "the-secret", token: "the-token")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(!text.contains("the-"), "\(text)")
        }
    }

    @Test func addressesAreReadOrRefused() throws {
        let address = try ObjectAddress("s3://films/a/b/")
        #expect(address.bucket == "films" && address.prefix == "a/b" && address.description == "s3://films/a/b")
        #expect(try ObjectAddress("s3://films").description == "s3://films")
        for text in [
            "s3://", "s3:///a", "s3://ab", "s3://films//a", "s3://films/../a", "s3://films/a?b", "s3://fil ms",
            "s3://key:secret@films/a", "http://films",
        ] {
            let error = #expect(throws: ObjectStoreError.self, "\(text)") { try ObjectAddress(text) }
            #expect(!"\(error.map { "\($0)" } ?? "")".contains("key:secret"))
        }
        #expect(ObjectAddress.isOne("S3://films") && !ObjectAddress.isOne("s3/films"))
    }

    @Test func answersAreRead() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- a listing -->
            <List xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><A>1 &lt; 2 &amp;&#x41;&#66;</A><B/><A><![CDATA[<x>]]></A>
            <C a="1"><D>d</D></C></List>
            """
        let root = try #require(XMLElement(Array(text.utf8)))
        #expect(root.name == "List" && root.all("A").map(\.text) == ["1 < 2 &AB", "<x>"])
        #expect(root["B"] == "" && root.all("C").first?["D"] == "d" && root["E"] == nil)
        for bad in [
            "", "text", "<a>", "<a></b>", "<a>&x;</a>", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "<a><!--</a>",
            String(repeating: "<a>", count: 100_000),
        ] {
            #expect(XMLElement(Array(bad.utf8)) == nil, "\(bad.prefix(50))")
        }
    }

    @Test func aListingBeginsJustBeforeAName() {
        for name in ["00000000000000000010", "a", ".tmp-", "b/0", "ä", "1", "/"] {
            let before = ObjectClient.before(name)
            #expect(before.utf8.lexicographicallyPrecedes(name.utf8), "\(name)")
        }
        #expect(ObjectClient.before("00012") == "00011~")
        // What comes just before is left out.
        #expect(ObjectClient.before("00012").utf8.lexicographicallyPrecedes("00012".utf8))
        #expect("00011".utf8.lexicographicallyPrecedes(ObjectClient.before("00012").utf8))
    }
}
