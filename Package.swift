// swift-tools-version: 6.2
import Foundation
import PackageDescription

// Arrows point down: level 5 (marquee) → 4 (Platform) → 3 (Serving, Dashboard, Delivery) → 2 (Trainer, EventIngest, Catalog) → 1b
// (Store, ObjectStore) → 1 (the tool rooms) → 0 (Domain, C). Rooms of one level do not import each other; every room may import
// Domain, which imports none.
// ARCHITECTURE.md tells what each room is for.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A C library of the distribution, seen through `Sources/C/<name>/shim.h`.
func library(_ name: String, pkgConfig: String? = nil, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// The allocator. Left out by MARQUEE_MALLOC=system: sanitizers bring their own, and two do not go together.
let allocator: [Target] =
    Context.environment["MARQUEE_MALLOC"] == "system"
    ? [] : [library("CJemalloc", pkgConfig: "jemalloc", apt: "libjemalloc-dev")]

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    // Each room's front page lies beside its sources.
    let folder = "\(Context.packageDirectory)/Sources/\(name)"
    // The dashboard's pages are built in by a C target.
    let others = ["README.md", "Pages"].filter { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
    return .target(name: name, dependencies: dependencies, exclude: others, swiftSettings: strict)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: (name == "Domain" ? [] : [.init(stringLiteral: name)]) + ["Domain", "TestSupport"] + dependencies,
        swiftSettings: strict)
}

func example(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: "examples/\(name)", swiftSettings: strict)
}

let rooms = [
    "Domain", "Linalg", "Columnar", "Delimited", "Kafka", "HTTPServer", "HTTPClient", "Operations", "PostgreSQL",
    "Store", "ObjectStore", "Trainer", "EventIngest", "Catalog", "Serving", "Dashboard", "Delivery", "Platform",
]

let package = Package(
    name: "marquee",
    // Every room is a product, so that a program of yours can embed what it needs: examples/README.md.
    products: [.executable(name: "marquee", targets: ["marquee"])] + rooms.map { .library(name: $0, targets: [$0]) },
    targets: allocator + [
        // Level 0: C. Each library has exactly one importer (librdkafka also the test support that breaks its mock cluster).
        library("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
        library("CLAPACKE", pkgConfig: "lapacke", apt: "liblapacke-dev"),
        library("CRdKafka", pkgConfig: "rdkafka", apt: "librdkafka-dev"),
        library("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        library("CMicrohttpd", pkgConfig: "libmicrohttpd", apt: "libmicrohttpd-dev"),
        // Compiled, not just seen: it defines the function that libmicrohttpd answers bad requests with.
        .target(name: "CMicrohttpdGate", path: "Sources/C/CMicrohttpdGate"),
        library("CGnuTLS", pkgConfig: "gnutls", apt: "libgnutls28-dev"),
        library("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
        library("CSnappy", apt: "libsnappy-dev"),
        library("CLZ4", pkgConfig: "liblz4", apt: "liblz4-dev"),
        library("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
        library("CArchive", pkgConfig: "libarchive", apt: "libarchive-dev"),
        library("CXXHash", pkgConfig: "libxxhash", apt: "libxxhash-dev"),
        library("CCrypto", pkgConfig: "libcrypto", apt: "libssl-dev"),
        library("CICULibrary", pkgConfig: "icu-uc", apt: "libicu-dev"),
        // Compiled, not just seen: Foundation's own ICU headers and Debian's exclude each other in Swift.
        .target(name: "CICU", dependencies: ["CICULibrary"], path: "Sources/C/CICU"),
        library("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
        library("CPostgres", pkgConfig: "libpq", apt: "libpq-dev"),
        library("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
        // The kernels are optimised in debug builds too, or the numeric tests would take minutes.
        .target(
            name: "CKernels", path: "Sources/C/CKernels", exclude: ["README.md"], cSettings: [.unsafeFlags(["-O3"])]),

        // The dashboard's pages and scripts: `#embed` takes them into the program as they are.
        .target(name: "CDashboardFiles", path: "Sources/C/CDashboardFiles"),

        // The job that is handed to Spark, in the same way.
        .target(name: "CSparkJob", path: "Sources/C/CSparkJob"),

        // Level 0 and 1: Domain, and the rooms that know nothing of recommendations.
        room("Domain", []),
        room("Linalg", ["Domain", "COpenBLAS", "CLAPACKE", "CKernels"]),
        room("Columnar", ["Domain", "CZstd", "CSnappy", "CLZ4", "CZlib", "CXXHash"]),
        room("HTTPServer", ["Domain", "CMicrohttpd", "CMicrohttpdGate", "CGnuTLS"]),
        room("HTTPClient", ["Domain", "CCurl"]),
        room("Kafka", ["Domain", "CRdKafka"]),
        room("PostgreSQL", ["Domain", "CPostgres"]),
        room("Delimited", ["Domain", "CArchive"]),
        room(
            "Operations", ["Domain", "CCrypto", "CSQLite", "CYAML"] + allocator.map { .init(stringLiteral: $0.name) }),

        // Level 1b: which tables there are.
        room("Store", ["Domain", "Columnar"]),
        // Level 1b: another place than a disk.
        room("ObjectStore", ["Domain", "HTTPClient", "Operations"]),

        // Level 2: what a recommender is made of.
        room("Trainer", ["Domain", "Linalg", "Columnar", "Store", "Operations"]),
        room("EventIngest", ["Domain", "Columnar", "Store", "Kafka", "Delimited", "HTTPClient", "Operations"]),
        room(
            "Catalog",
            ["Domain", "Linalg", "Columnar", "Store", "Delimited", "HTTPClient", "Operations", "CICU"]),

        // Level 3: what is served.
        room("Serving", ["Domain", "Trainer", "Catalog", "Linalg", "Columnar", "HTTPServer", "Operations"]),

        room("Dashboard", ["Domain", "HTTPServer", "Operations", "CDashboardFiles"]),
        // Level 3: what leaves.
        room(
            "Delivery",
            ["Domain", "HTTPClient", "Operations", "Columnar", "Store", "Kafka", "PostgreSQL", "EventIngest"]),

        // Level 4 and 5: the services of a process, the command.
        room(
            "Platform",
            [
                "Domain", "Columnar", "Store", "ObjectStore", "Kafka", "Delimited", "HTTPServer", "HTTPClient",
                "Operations", "Trainer", "EventIngest", "Catalog", "Serving", "Dashboard", "Delivery", "PostgreSQL",
                "CSparkJob",
            ]),
        .executableTarget(
            name: "marquee",
            dependencies: [
                "Domain", "Linalg", "Columnar", "Store", "ObjectStore", "Kafka", "Delimited", "HTTPServer",
                "HTTPClient", "Operations", "Trainer", "EventIngest", "Catalog", "Serving", "Delivery", "Platform",
                "PostgreSQL",
            ],
            exclude: ["README.md"], swiftSettings: strict),

        // Measures the trainer against its peers: Benchmarks/als/README.md.
        .executableTarget(
            name: "bench-als", dependencies: ["CKernels", "Domain", "Linalg", "Trainer"],
            path: "Benchmarks/als/Sources",
            swiftSettings: strict),

        // Measures files and tables against their peers: Benchmarks/columnar/bench.py.
        .executableTarget(
            name: "bench-columnar", dependencies: ["Columnar"], path: "Benchmarks/columnar/Sources",
            swiftSettings: strict),

        // Measures ingestion against a bare consumer: Benchmarks/ingest/bench.py.
        .executableTarget(
            name: "bench-ingest", dependencies: ["Domain", "Columnar", "Store", "Kafka", "EventIngest"],
            path: "Benchmarks/ingest/Sources", swiftSettings: strict),

        // Measures content similarity against Elasticsearch: Benchmarks/similarity/README.md.
        .executableTarget(
            name: "bench-similarity", dependencies: ["Domain", "Catalog"], path: "Benchmarks/similarity/Sources",
            swiftSettings: strict),

        // Measures search against Lucene and Elasticsearch's Python client: Benchmarks/search/README.md.
        .executableTarget(
            name: "bench-search", dependencies: ["Domain", "Catalog"], path: "Benchmarks/search/Sources",
            swiftSettings: strict),

        // Measures the server against a bare libmicrohttpd: Benchmarks/http/bench.py.
        .executableTarget(
            name: "bench-http",
            dependencies: ["Domain", "HTTPServer", "Operations", "Trainer", "Catalog", "Serving", "Platform"],
            path: "Benchmarks/http/Sources", swiftSettings: strict),

        // Small programs over the rooms: examples/README.md.
        example("embed-recommender", ["Catalog", "Columnar", "Domain", "Operations", "Serving", "Store", "Trainer"]),
        example("read-delta-table", ["Columnar"]),
        example("train-on-a-matrix", ["Domain", "Linalg", "Trainer"]),
        example("consume-events", ["Domain", "EventIngest", "Kafka"]),

        .target(
            name: "TestSupport", dependencies: ["Domain"], path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            name: "KafkaTestSupport",
            dependencies: [
                "Domain", "Columnar", "Store", "Kafka", "CRdKafka", "TestSupport", "EventIngest", "HTTPServer",
            ],
            path: "Tests/KafkaTestSupport", swiftSettings: strict),
        // Reads the sources as text: which room imports which, and which folder uses which.
        .testTarget(name: "HouseTests", dependencies: ["TestSupport"], swiftSettings: strict),
        tests(of: "Domain"),
        tests(of: "Linalg", ["CKernels"]),
        tests(of: "Columnar"),
        tests(of: "Store", ["Columnar"]),
        tests(of: "ObjectStore", ["Columnar", "HTTPClient", "Operations"]),
        tests(of: "Delimited"),
        tests(of: "HTTPServer"),
        tests(of: "HTTPClient", ["HTTPServer"]),
        tests(of: "Operations"),
        tests(of: "Trainer", ["Linalg", "Columnar", "Store", "Operations"]),
        tests(of: "Kafka", ["Operations", "KafkaTestSupport"]),
        tests(
            of: "EventIngest",
            ["Columnar", "Store", "Delimited", "Kafka", "HTTPClient", "Operations", "KafkaTestSupport"]),
        tests(of: "Catalog", ["Store", "Delimited", "HTTPClient", "HTTPServer", "Columnar", "Operations", "Linalg"]),
        tests(of: "Dashboard", ["HTTPServer", "Operations"]),
        tests(of: "Serving", ["Trainer", "Catalog", "Linalg", "HTTPServer", "HTTPClient", "Operations"]),
        .target(
            name: "PostgresTestSupport", dependencies: ["TestSupport", "PostgreSQL"],
            path: "Tests/PostgresTestSupport", swiftSettings: strict),
        tests(of: "PostgreSQL", ["PostgresTestSupport"]),
        tests(of: "Delivery", ["HTTPClient", "HTTPServer", "Operations", "PostgreSQL", "PostgresTestSupport"]),
        tests(
            of: "Platform",
            [
                "Columnar", "Store", "Trainer", "Catalog", "Serving", "EventIngest", "Kafka", "HTTPServer",
                "HTTPClient",
                "Operations", "Delivery", "KafkaTestSupport",
            ]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "marquee", "TestSupport", "KafkaTestSupport", "Domain", "Columnar", "Store", "ObjectStore", "Kafka",
                "EventIngest", "Trainer", "Catalog", "HTTPClient", "HTTPServer", "Operations", "PostgreSQL",
                "PostgresTestSupport",
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
