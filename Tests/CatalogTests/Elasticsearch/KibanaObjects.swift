import Domain
import Foundation
import TestSupport
import Testing

@testable import Catalog

/// Saved objects of a dashboard file.
struct KibanaObjects {
    let all: [[String: Any]]

    static func read(_ path: String) throws -> KibanaObjects {
        let text = try String(contentsOf: Checkout.root.appending(path: path), encoding: .utf8)
        return KibanaObjects(
            all: try text.split(separator: "\n").map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            })
    }

    func object(_ id: String) -> [String: Any]? { all.first { $0["id"] as? String == id } }

    func ofType(_ type: String) -> [[String: Any]] { all.filter { $0["type"] as? String == type } }

    static func attributes(_ object: [String: Any]) -> [String: Any] { object["attributes"] as? [String: Any] ?? [:] }

    static func references(_ object: [String: Any]) -> [(type: String, id: String, name: String)] {
        (object["references"] as? [[String: Any]] ?? []).map {
            ($0["type"] as? String ?? "", $0["id"] as? String ?? "", $0["name"] as? String ?? "")
        }
    }

    /// Attributes that hold JSON as a text.
    static func parsed(_ text: Any?) throws -> Any {
        try JSONSerialization.jsonObject(with: Data((text as? String ?? "").utf8))
    }
}

/// One Lens chart as the request that Kibana makes of it.
struct KibanaChart {
    struct Row {
        var key: String
        var count: Int
        var metric: Double
    }

    /// Of the data view.
    let index: String
    let columns: [(id: String, column: [String: Any])]

    init(_ object: [String: Any], of objects: KibanaObjects) throws {
        let state = KibanaObjects.attributes(object)["state"] as? [String: Any]
        let sources = state?["datasourceStates"] as? [String: Any]
        let layers = (sources?["formBased"] as? [String: Any])?["layers"] as? [String: [String: Any]]
        let layer = try #require(layers?.first?.value)
        let known = try #require(layer["columns"] as? [String: [String: Any]])
        columns = try (layer["columnOrder"] as? [String] ?? []).map { ($0, try #require(known[$0])) }
        let view = try #require(KibanaObjects.references(object).first { $0.type == "index-pattern" })
        index = KibanaObjects.attributes(try #require(objects.object(view.id)))["title"] as? String ?? ""
    }

    private var buckets: [(id: String, column: [String: Any])] {
        columns.filter { $0.column["isBucketed"] as? Bool == true }
    }
    private var metric: (id: String, column: [String: Any])? {
        columns.first { $0.column["isBucketed"] as? Bool == false }
    }

    var request: String {
        get throws {
            let body: [String: Any] = ["size": 0, "aggs": aggregations(buckets[...])]
            return String(decoding: try JSONSerialization.data(withJSONObject: body), as: UTF8.self)
        }
    }

    private func aggregations(_ rest: ArraySlice<(id: String, column: [String: Any])>) -> [String: Any] {
        guard let (id, column) = rest.first else { return [:] }
        let field = column["sourceField"] as? String ?? ""
        let params = column["params"] as? [String: Any] ?? [:]
        var inner = aggregations(rest.dropFirst())
        if let metric, let operation = Self.operation(of: metric.column) {
            inner[metric.id] = [operation: ["field": metric.column["sourceField"] as? String ?? ""]]
        }
        let aggregation: [String: Any] =
            switch column["operationType"] as? String {
            case "date_histogram":
                [
                    "date_histogram": [
                        "field": field, "calendar_interval": params["interval"] ?? "", "min_doc_count": 1,
                        "format": "yyyy-MM-dd",
                    ]
                ]
            case "range":
                [
                    "range": [
                        "field": field,
                        "ranges": (params["ranges"] as? [[String: Any]] ?? []).map { range in
                            range.filter { ["from", "to"].contains($0.key) && !($0.value is NSNull) }
                        },
                    ]
                ]
            default:
                [
                    "terms": [
                        "field": field, "size": params["size"] ?? 0,
                        "order": [
                            metric.flatMap { Self.operation(of: $0.column) == nil ? nil : $0.id } ?? "_count":
                                params["orderDirection"] ?? ""
                        ],
                    ]
                ]
            }
        return [id: aggregation.merging(inner.isEmpty ? [:] : ["aggs": inner]) { $1 }]
    }

    /// Nil for a count, which every bucket has.
    private static func operation(of column: [String: Any]) -> String? {
        switch column["operationType"] as? String {
        case "average": "avg"
        case "max": "max"
        case "sum": "sum"
        default: nil
        }
    }

    /// The innermost buckets of an answer.
    func rows(_ aggregations: [String: Any]) -> [Row] { rows(aggregations, buckets[...]) }

    private func rows(
        _ aggregations: [String: Any], _ rest: ArraySlice<(id: String, column: [String: Any])>
    ) -> [Row] {
        guard let id = rest.first?.id else { return [] }
        let found = (aggregations[id] as? [String: Any])?["buckets"] as? [[String: Any]] ?? []
        return found.flatMap { bucket -> [Row] in
            if rest.count > 1 { return rows(bucket, rest.dropFirst()) }
            let key =
                bucket["key_as_string"] as? String ?? (bucket["from"] as? NSNumber).map { "\($0)" }
                ?? bucket["key"] as? String ?? ""
            let value = metric.flatMap { (bucket[$0.id] as? [String: Any])?["value"] as? NSNumber }
            let count = (bucket["doc_count"] as? NSNumber)?.intValue ?? 0
            return [Row(key: key, count: count, metric: value?.doubleValue ?? Double(count))]
        }
    }
}
