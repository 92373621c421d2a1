extension Route {
    /// Which routes it stands with: `users` of `/v1/users/{user}/recommendations`, `process` where there is no version.
    package var family: String {
        let segments = pattern.split(separator: "/")
        guard segments.first == "v1", segments.count > 1 else { return segments.first == "oryx" ? "oryx" : "process" }
        return String(segments[1])
    }

    /// A name for the operation in programs made from the description: `get_v1_items_item`.
    var operationID: String {
        let words = pattern.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map { $0.lowercased() }
        return (["\(method)".lowercased()] + (words.isEmpty ? ["root"] : words)).joined(separator: "_")
    }

    /// What any request may meet, whatever it asks for.
    func alwaysPossible(needsKeys: Bool) -> [Problem] {
        var problems = [
            Problem(400, "unknown-parameter"), Problem(400, "repeated-parameter"), Problem(400, "bad-request"),
            Problem(400, "bad-target"), Problem(400, "bad-headers"), Problem(400, "too-many-parameters"),
            Problem(408, "request-timed-out"), Problem(413, "body-too-large"), Problem(414, "target-too-long"),
            Problem(415, "unsupported-content-encoding"), Problem(431, "headers-too-large"),
            Problem(500, "internal-error"), Problem(501, "unsupported-transfer-coding"),
            Problem(503, "answer-timed-out"), Problem(503, "stopping"), Problem(505, "unsupported-version"),
        ]
        let given = parameters + headers
        if given.contains(where: \.isRequired) { problems.append(Problem(400, "missing-parameter")) }
        if !given.isEmpty || !path.isEmpty { problems.append(Problem(400, "bad-parameter")) }
        if !path.isEmpty { problems.append(Problem(400, "bad-identifier")) }
        if body != nil {
            problems += [Problem(400, "bad-body"), Problem(415, "unsupported-media-type")]
        }
        if needsKeys, scope != .open {
            problems += [Problem(401, "key-missing"), Problem(403, "scope-missing"), Problem(429, "too-many-requests")]
        }
        return problems
    }
}

extension HTTPProblem {
    /// What ``response(requestID:)`` writes.
    public static let schema = JSONSchema.object(
        [
            "type": .text(), "title": .text(), "status": .integer(400...599), "code": .text(), "detail": .text(),
            "request_id": .text(),
        ],
        optional: [
            "advice": .text().meaning("What the caller can do about it."),
            "parameter": .text().meaning("The parameter at fault."),
        ])
}
