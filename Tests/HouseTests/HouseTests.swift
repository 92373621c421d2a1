import Testing

/// Holds the house: arrows between rooms, and between the folders inside of them, point down as these tables say.
///
/// To add a room give it a level and its folders an order. To add a folder give it its place. An arrow that must point
/// up is named in ``upward`` with its reason; none does, and there is room for four.
@Suite struct HouseTests {
    /// A room imports rooms of lower levels only. ARCHITECTURE.md says what each is for.
    static let levels: [String: Int] = [
        "marquee": 6,
        "Platform": 5,
        "Serving": 4, "Dashboard": 4, "Governance": 4, "Delivery": 4,
        "Trainer": 3, "EventIngest": 3, "Catalog": 3,
        "Store": 2, "ObjectStore": 2,
        "Columnar": 1, "Delimited": 1, "Kafka": 1, "Linalg": 1, "HTTPServer": 1, "HTTPClient": 1, "Operations": 1,
        "PostgreSQL": 1,
        "Domain": 0,
    ]

    /// The folders of each room, top first: each uses only those after it. "" are the files in the room itself.
    static let folders: [String: [String]] = [
        "marquee": ["", "Commands", "CommandLine", "Rows", "Terminal"],
        "Platform": [
            "Demo", "Deliver", "Broker", "Import", "Ingest", "Kafka", "Index", "Serve", "Dashboard", "Privacy",
            "Models", "Train", "Quality",
            "Traces",
            "HTTP",
            "Access",
            "",
        ],
        "Dashboard": [""],
        "Serving": ["Oryx", "Routes", "", "Pipeline", "Model", "Filter"],
        "Trainer": [
            "Exchange", "Tune", "Run", "Spark", "Logs", "Blend", "Evaluation", "Drift", "Report", "Recommend",
            "Registry",
            "Model",
            "Links",
            "Content", "ALS", "TrainingSet", "Files",
            "",
        ],
        "EventIngest": [
            "Privacy", "Ingest", "Simulator", "Streams", "Import", "Impressions", "Consents", "Rows", "Duplicates",
            "Wire", "Avro", "JSON",
            "Events",
            "SchemaRegistry", "Statistics", "",
        ],
        "Catalog": [
            "Elasticsearch", "ContentIndex", "Import", "Quality", "Edit", "Table", "", "Cleaning", "Filter", "Text",
        ],
        "Delivery": ["Notices", "Webhooks", "Mail", "Postgres", ""],
        "Store": [""],
        "ObjectStore": ["", "Client", "Settings", "Signing"],
        "Columnar": [
            "Delta/Changes", "Delta/Care", "Delta", "Delta/Read", "Delta/Write", "Delta/Log", "Delta/Mapping",
            "Delta/Vectors", "Delta/JSON", "Parquet/Read", "Parquet/Write",
            "Compression", "Parquet/Bloom", "Parquet/Shape", "Parquet/Metadata", "Predicate", "Columns", "Schema",
            "Thrift", "Encoding", "", "Delta/Names",
        ],
        "Delimited": [""],
        "Kafka": ["Broker", "Consumer", "Producer", "Client", "Delivery", "Properties", "", "Bridge"],
        "Linalg": ["TopK", "", "Kernels"],
        "HTTPServer": ["", "Daemon", "OpenAPI", "Routing", "Schema", "Message"],
        "HTTPClient": ["", "Curl", "Mail", "Message", "Policy"],
        "Operations": ["State", "SQLite", "Schedule", "Traces", ""],
        "PostgreSQL": [""],
        "Domain": ["Privacy", "JSON", "Storage", ""],
    ]

    /// One arrow that points up, and why it may.
    struct Exception: Hashable {
        let room: String
        let from: String
        let to: String
        let reason: String
    }

    /// At most four, so that a fifth costs one of these.
    static let upward: [Exception] = []

    /// C targets that no room imports, and the C target whose C code includes them.
    static let includedInC = ["CICULibrary": "CICU"]

    static let house = Result { try House.here() }

    @Test func roomsImportOnlyRoomsBelow() throws {
        #expect(try Self.house.get().importsThatDoNotPointDown(Self.levels) == [])
    }

    @Test func eachCLibraryHasOneImporter() throws {
        for (library, importers) in try Self.house.get().importers() where Self.includedInC[library] == nil {
            #expect(importers.count == 1, "\(library) is imported by \(importers.sorted())")
        }
    }

    @Test(arguments: folders.keys.sorted())
    func foldersUseOnlyFoldersBelow(room: String) throws {
        let house = try Self.house.get()
        let order = try #require(Self.folders[room])
        #expect(Set(order) == house.folders(of: room), "the table of \(room) and its folders differ")
        let uses = house.usesThatDoNotPointDown(in: room, order).filter { use in
            !Self.upward.contains { $0.room == use.room && $0.from == use.from && $0.to == use.to }
        }
        #expect(uses.isEmpty, "\(uses.map(\.description).joined(separator: "\n"))")
    }

    @Test func everyRoomIsInTheTables() throws {
        let rooms = Set(try Self.house.get().rooms)
        #expect(rooms == Set(Self.folders.keys))
        #expect(rooms.isSubset(of: Self.levels.keys))
    }

    @Test func atMostFourArrowsPointUpAndEachIsStillThere() throws {
        let house = try Self.house.get()
        #expect(Self.upward.count <= 4)
        for exception in Self.upward {
            #expect(
                house.uses(in: exception.room).contains { $0.from == exception.from && $0.to == exception.to },
                "\(exception) is not needed any more: take it out")
        }
    }
}
