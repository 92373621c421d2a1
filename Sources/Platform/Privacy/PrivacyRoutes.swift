internal import Catalog
internal import Domain
internal import HTTPServer
internal import Operations
internal import Serving
internal import Synchronization

/// A person's rights over REST: erasing them, handing out what is kept, and what they allow.
struct PrivacyRoutes: AnsweringRoutes {
    let stores: PersonalStores
    let erasures: ErasureService
    let state: StateDatabase
    let service: RecommendationService
    let choices: PersonalGuard
    /// What users of requests are called where something is kept of them; nil if as they are.
    var pseudonyms: (any Pseudonymiser)?
    static let log = Log("privacy")
    /// Of an archive that is put together in memory.
    private static let largestArchive = 256 << 20
    static let reasonLimit = 1000

    var table: [Route] { erasing + about }

    private func known(_ user: String) -> String { pseudonyms?.pseudonym(of: user) ?? user }

    // MARK: Erasing

    private var erasing: [Route] {
        [
            Route(
                .post, "/v1/privacy/erasures", "Erases a person from every place; from the answer on they are masked.",
                scope: .privacy,
                headers: [
                    Route.Parameter(
                        "Idempotency-Key", .text(bytes: 1...255),
                        "The same request under the same key is one erasure, however often it is sent.")
                ],
                body: .json(PrivacyShapes.request, limit: 65_536),
                answers: [
                    .json(
                        PrivacyShapes.erasure, status: 202, "Nothing of them is used any more; the rest is under way.",
                        headers: [
                            "Location": "Where to ask how it stands.",
                            "Idempotency-Replayed": "`true` if the request came before under its key.",
                        ])
                ],
                problems: [
                    Route.Problem(ModelError.missingMember(name: "")), Route.Problem(ModelError.keyReused),
                    Route.Problem(500, "internal-error"),
                ]
            ) { request, _ in
                answering(request) {
                    let body = try ModelBody(request, ["user_id", "reason"])
                    guard let user = try body.text("user_id", limit: 256) else {
                        throw ModelError.missingMember(name: "user_id")
                    }
                    guard !user.isEmpty else {
                        throw ModelError.badMember(name: "user_id", allowed: "a text of 1 to 256 bytes")
                    }
                    let start = try await erasures.begin(
                        known(user), by: request.caller ?? "api",
                        reason: try body.text("reason", limit: Self.reasonLimit) ?? "", requestID: request.id,
                        key: request.headers["idempotency-key"])
                    // From now on, not from the next look on.
                    try await BlockingWork.run("choices") { _ in choices.look() }
                    switch start {
                    case .begun(let record): return try await answer(request, record.id, status: 202)
                    case .replayed(let record):
                        var response = try await answer(request, record.id, status: 202)
                        response.headers.append(("Idempotency-Replayed", "true"))
                        return response
                    case .keyReused: throw ModelError.keyReused
                    }
                }
            },
            Route(
                .get, "/v1/privacy/erasures", "The erasures under way, oldest first, without names.", scope: .privacy,
                answers: [.json(PrivacyShapes.open, headers: ["Cache-Control": "no-store"])],
                problems: [Route.Problem(500, "internal-error")]
            ) { request, _ in
                answering(request) {
                    let open = try await erasures.open()
                    return Self.json(request) { json in
                        json.name("erasures")
                        json.array { json in
                            for record in open {
                                json.object {
                                    $0.field("id", record.id)
                                    $0.field("requested_at", record.requestedAt.description)
                                    $0.field("requested_by", record.requestedBy)
                                }
                            }
                        }
                    }
                }
            },
            Route(
                .get, "/v1/privacy/erasures/{erasure}",
                "How an erasure stands; its signed receipt when it is complete.", scope: .privacy,
                answers: [.json(PrivacyShapes.erasure, headers: ["Cache-Control": "no-store"])],
                problems: [Route.Problem(PrivacyError.erasureNotFound(id: "")), Route.Problem(500, "internal-error")]
            ) { request, path in
                answering(request) { try await answer(request, path[0], status: 200) }
            },
        ]
    }

    private func answer(_ request: HTTPRequest, _ id: String, status: Int) async throws -> HTTPResponse {
        let (record, signature) = try await erasures.record(id)
        var response = Self.json(request, status: status) {
            // As they are: the signature is that of these bytes.
            $0.name("erasure")
            $0.value(json: record)
            if let signature { $0.field("hmac_sha256", signature) }
        }
        if status == 202 { response.headers.append(("Location", "/v1/privacy/erasures/\(id)")) }
        return response
    }

    // MARK: One person

    private var about: [Route] {
        [
            Route(
                .get, "/v1/users/{user}/export", "Everything that is kept about a person: a zip archive.",
                scope: .privacy,
                answers: [
                    .init(
                        200, ["application/zip": .text(format: "binary")], "docs/privacy.md says what is in it.",
                        headers: ["Content-Disposition": "A name for the file.", "Cache-Control": "no-store"])
                ],
                problems: [
                    Route.Problem(PrivacyError.unseen(stores: [])), Route.Problem(PrivacyError.tooLarge(limit: 0)),
                    Route.Problem(PlatformError.cannotAudit), Route.Problem(500, "internal-error"),
                ]
            ) { request, path in
                answering(request) { try await archive(of: path[0], request) }
            },
            Route(
                .get, "/v1/users/{user}/consent", "What a person allows, and everything that was ever said.",
                scope: .privacy, answers: [.json(PrivacyShapes.consent, headers: ["Cache-Control": "no-store"])],
                problems: [Route.Problem(500, "internal-error")]
            ) { request, path in
                answering(request) { try await consent(of: known(path[0]), request) }
            },
            Route(
                .put, "/v1/users/{user}/consent", "Writes down what a person allows; it holds from the answer on.",
                scope: .privacy, body: .json(PrivacyShapes.choice, limit: 65_536),
                answers: [.json(PrivacyShapes.consent, headers: ["Cache-Control": "no-store"])],
                problems: [Route.Problem(500, "internal-error")]
            ) { request, path in
                answering(request) {
                    let purposes = PersonalChoice.Purpose.allCases
                    let body = try ModelBody(request, purposes.map(\.rawValue) + ["reason"])
                    _ = try body.text("reason", limit: Self.reasonLimit)
                    var wanted: [PersonalChoice.Purpose: Bool] = [:]
                    for purpose in purposes { wanted[purpose] = try body.truth(purpose.rawValue) }
                    guard !wanted.isEmpty else {
                        throw PrivacyError.badBody(
                            reason: "it says nothing of \(purposes.map(\.rawValue).joined(separator: ", "))")
                    }
                    let (asked, who, user) = (wanted, request.caller ?? "api", known(path[0]))
                    try await BlockingWork.run("privacy") { _ in
                        try PersonalRegister(state).set(asked, of: user, by: who)
                        choices.look()
                    }
                    return try await consent(of: user, request)
                }
            },
        ]
    }

    private func consent(of user: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let (choice, history) = try await BlockingWork.run("privacy") { [state] _ in
            let register = PersonalRegister(state)
            return (try register.table().choice(of: user), try register.history(of: user))
        }
        return Self.json(request) { json in
            json.name("choices")
            json.object { json in
                for purpose in PersonalChoice.Purpose.allCases {
                    json.name(text: purpose.rawValue)
                    json.value(choice.allows(purpose))
                }
            }
            json.field("being_erased", choice.isBeingErased)
            json.name("history")
            json.array { json in for said in history { json.value(said.record) } }
        }
    }

    private func archive(of named: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let user = known(named)
        // It changes nothing, and is a look at all there is: it is written down, without the name.
        let who = request.caller ?? "api"
        do {
            try await BlockingWork.run("privacy") { [state] _ in
                let subject = try PersonalRegister(state).subject(of: user)
                try AuditLog(state).record(
                    by: who, "privacy.export", of: String(subject.hex.prefix(16)), requestID: request.id
                ) {}
            }
        } catch {
            throw PlatformError.cannotAudit
        }
        let films = service.films.snapshot
        let archive = PersonalArchive(stores, state: state) { [service] _ in
            guard !choices.choice(of: user).isBeingErased else { return nil }
            let list = try await service.list(RecommendationQuery(userID: named, count: 20, explains: true))
            return .init(
                model: list.modelID,
                items: try list.items.map {
                    .init(
                        id: $0.id, title: $0.title, score: $0.score, reasons: try JSONValue(parsing: $0.reasons))
                })
        } title: {
            films[$0]?.title
        }
        let bytes = Mutex<[UInt8]>([])
        try await archive.write(of: user) { part in
            try bytes.withLock { bytes in
                guard bytes.count + part.count <= Self.largestArchive else {
                    throw PrivacyError.tooLarge(limit: Self.largestArchive)
                }
                bytes += part
            }
        }
        return HTTPResponse(
            contentType: "application/zip",
            headers: [
                ("Cache-Control", "no-store"), ("Content-Disposition", "attachment; filename=\"export.zip\""),
            ], body: bytes.withLock { $0 })
    }

    // MARK: Answering

    /// Its code or its kind alone: what an error says of itself may name a person.
    static func logged(_ error: any Error) -> String { (error as? any Fault)?.code ?? "\(type(of: error))" }
}
