import Domain
import Foundation
import TestSupport
import Testing

@testable import Catalog

/// What can be said of the dashboards without a Kibana: all that they point at is there and fits.
@Suite struct KibanaTests {
    static let files = ["deploy/kibana/marquee.ndjson", "deploy/kibana/opensearch-dashboards.ndjson"]

    /// Types of the fields by data view.
    private static let fields: [String: [String: String]] = {
        func types(_ index: SearchIndex) -> [String: String] {
            var json = JSONWriter()
            index.write(shards: 1, replicas: 0, for: .elasticsearch, to: &json)
            let object = (try? JSONSerialization.jsonObject(with: Data(json.bytes))) as? [String: Any]
            let properties = (object?["mappings"] as? [String: Any])?["properties"] as? [String: [String: Any]] ?? [:]
            var types: [String: String] = [:]
            for (name, field) in properties {
                types[name] = field["type"] as? String
                for (inner, field) in field["fields"] as? [String: [String: Any]] ?? [:] {
                    types["\(name).\(inner)"] = field["type"] as? String
                }
            }
            return types
        }
        return [
            "movies": types(.films(factors: nil)), "movies-users": types(.users), "movies-activity": types(.activity),
        ]
    }()

    @Test(arguments: files) func everyReferenceIsInTheFile(_ path: String) throws {
        let objects = try KibanaObjects.read(path)
        let ids = objects.all.map { "\($0["type"] ?? "")/\($0["id"] ?? "")" }
        #expect(Set(ids).count == ids.count && ids.count == 12)
        for object in objects.all {
            for reference in KibanaObjects.references(object) {
                #expect(ids.contains("\(reference.type)/\(reference.id)"), "\(object["id"] ?? "") → \(reference)")
            }
        }
        #expect(
            Set(objects.ofType("index-pattern").compactMap { KibanaObjects.attributes($0)["title"] as? String })
                == Set(Self.fields.keys))
    }

    @Test(arguments: files) func theDashboardShowsEveryChartOnce(_ path: String) throws {
        let objects = try KibanaObjects.read(path)
        let dashboard = try #require(objects.ofType("dashboard").first)
        let attributes = KibanaObjects.attributes(dashboard)
        let panels = try #require(try KibanaObjects.parsed(attributes["panelsJSON"]) as? [[String: Any]])
        _ = try KibanaObjects.parsed(attributes["optionsJSON"])
        let meta = attributes["kibanaSavedObjectMeta"] as? [String: Any]
        _ = try KibanaObjects.parsed(meta?["searchSourceJSON"])
        let references = KibanaObjects.references(dashboard)
        #expect(panels.count == 8 && references.count == 8 && Set(references.map(\.id)).count == 8)
        var taken = Set<String>()
        for panel in panels {
            let grid = try #require(panel["gridData"] as? [String: Any])
            let index = try #require(panel["panelIndex"] as? String)
            #expect(grid["i"] as? String == index)
            let (x, width) = (grid["x"] as? Int ?? -1, grid["w"] as? Int ?? 0)
            #expect(x >= 0 && x + width <= 48 && taken.insert("\(x) \(grid["y"] ?? "")").inserted)
            let name = try #require(panel["panelRefName"] as? String)
            #expect(references.contains { $0.name == name || $0.name == "\(index):\(name)" })
        }
    }

    @Test func everyColumnOfALensIsThereAndItsFieldFits() throws {
        let objects = try KibanaObjects.read(Self.files[0])
        for object in objects.ofType("lens") {
            let id = object["id"] as? String ?? ""
            let chart = try KibanaChart(object, of: objects)
            let known = Set(chart.columns.map(\.id))
            let picture = (KibanaObjects.attributes(object)["state"] as? [String: Any])?["visualization"]
            for accessor in Self.accessors(picture) { #expect(known.contains(accessor), "\(id): \(accessor)") }
            #expect(KibanaObjects.references(object).map(\.name) == ["indexpattern-datasource-layer-layer"])
            // Buckets come before metrics.
            let isBucketed = chart.columns.map { $0.column["isBucketed"] as? Bool ?? false }
            #expect(isBucketed == isBucketed.sorted { $0 && !$1 })
            let fields = try #require(Self.fields[chart.index])
            for (name, column) in chart.columns where column["sourceField"] as? String != "___records___" {
                let type = fields[column["sourceField"] as? String ?? ""] ?? "absent"
                let fitting: [String] =
                    switch column["operationType"] as? String {
                    case "terms": ["keyword"]
                    case "date_histogram": ["date"]
                    default: ["float", "integer", "long"]
                    }
                #expect(fitting.contains(type), "\(id).\(name): \(type)")
            }
        }
    }

    @Test func everyVisualizationAsksForFieldsThatFit() throws {
        let objects = try KibanaObjects.read(Self.files[1])
        for object in objects.ofType("visualization") {
            let attributes = KibanaObjects.attributes(object)
            let state = try #require(try KibanaObjects.parsed(attributes["visState"]) as? [String: Any])
            _ = try KibanaObjects.parsed(attributes["uiStateJSON"])
            let view = try #require(KibanaObjects.references(object).first.flatMap { objects.object($0.id) })
            let fields = try #require(Self.fields[KibanaObjects.attributes(view)["title"] as? String ?? ""])
            for aggregation in state["aggs"] as? [[String: Any]] ?? [] {
                guard let field = (aggregation["params"] as? [String: Any])?["field"] as? String else { continue }
                let type = fields[field] ?? "absent"
                let kind = aggregation["type"] as? String
                #expect(
                    kind == "terms" ? type == "keyword" : kind == "date_histogram" ? type == "date" : type != "absent")
            }
        }
    }

    @Test func theFilesAreWhatTheScriptWrites() async throws {
        try await withTemporaryFolder { folder in
            let script = Checkout.root.appending(path: "deploy/kibana/build.py").path
            let (status, output) = try await runCommand("/usr/bin/env", ["python3", script, folder.path])
            try #require(status == 0, "\(output)")
            for path in Self.files {
                let file = Checkout.root.appending(path: path)
                #expect(try Data(contentsOf: file) == Data(contentsOf: folder.appending(path: file.lastPathComponent)))
            }
        }
    }

    /// Columns that a picture names.
    private static func accessors(_ value: Any?) -> [String] {
        switch value {
        case let object as [String: Any]:
            object.flatMap { key, value -> [String] in
                switch (key, value) {
                case ("xAccessor", let id as String), ("columnId", let id as String),
                    ("splitAccessor", let id as String):
                    [id]
                case ("accessors", let ids as [String]), ("metrics", let ids as [String]),
                    ("primaryGroups", let ids as [String]):
                    ids
                default: accessors(value)
                }
            }
        case let list as [Any]: list.flatMap(accessors)
        default: []
        }
    }
}
