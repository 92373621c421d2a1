internal import Domain
internal import HTTPServer

extension Routes {
    /// Lists that are about items, or about nobody.
    var ofLists: [Route] {
        list(
            "/v1/items/{item}/similar", "Items like one item, best first.", and: [Self.method]
        ) { call in
            let method = try call.other("method")?.choice(SimilarityMethod.self) ?? .blend
            let item = try Parameters.identifier(call.path[0], what: "item")
            return try similar(call.request, call.list, to: [item], method)
        }
            + [
                list(
                    posting: "/v1/items/similar", "Items like several items together, best first.",
                    and: [
                        .init(
                            name: "items", schema: .list(.identifier, count: 1...100, isUnique: true), isRequired: true),
                        .init(name: "method", schema: .nullable(Self.method.schema), isRequired: false),
                    ]
                ) { request, _, body in
                    let items = try body.require("items").identifiers(1...100)
                    let method = try body.take("method")?.choice(SimilarityMethod.self) ?? .blend
                    return try similar(request, try ListRequest(body), to: items, method)
                }
            ]
    }

    private static let method = Route.Parameter(
        "method", .choice(SimilarityMethod.allCases.map(\.rawValue)), "Alike in what.", default: "blend")

    private func similar(
        _ request: HTTPRequest, _ list: ListRequest, to items: [String], _ method: SimilarityMethod
    ) throws -> HTTPReply {
        try answer(
            request, list, of: "similar/\(method.rawValue)/\(items.map { "\($0.utf8.count):\($0)" }.joined())"
        ) { pipeline, page in
            var places: [Int32] = []
            for item in items {
                guard let place = pipeline.state.items.place(of: item) else {
                    throw ServingError.itemNotFound(id: item)
                }
                places.append(place)
            }
            return try pipeline.similar(to: places, method: method, page)
        }
    }
}
