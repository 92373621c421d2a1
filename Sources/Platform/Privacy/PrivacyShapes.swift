internal import Domain
internal import HTTPServer
internal import Operations

/// What the routes of persons' rights take and answer, as schemas.
enum PrivacyShapes {
    private static let reason = JSONSchema.text(bytes: 0...PrivacyRoutes.reasonLimit)
        .meaning("For the audit log, which keeps it for ever: it should name nobody.")

    static let request = JSONSchema.object(
        [
            "user_id": .text(bytes: 1...256, format: "identifier")
                .meaning(
                    "Any that an event of any source may have: up to 256 bytes of UTF-8, control characters included. "
                        + "Who is stored must be erasable.")
        ],
        optional: ["reason": reason])

    private static let count = JSONSchema.integer(0...Int.max)

    private static let record = JSONSchema.named(
        "Erasure",
        .object(
            [
                "id": .text(), "subject": .text().meaning("A digest of the identifier with the key of the receipts."),
                "state": .choice(ErasureRecord.State.allCases.map(\.rawValue)), "requested_at": .time,
                "requested_by": .text(),
                "steps": .list(
                    .object(
                        [
                            "store": .text(), "holds": .text(),
                            "standing": .choice(ErasureRecord.Step.Standing.allCases.map(\.rawValue)),
                            "removed": count, "counts": .map(of: count),
                        ], optional: ["reason": .text(), "found": count, "at": .time])),
            ],
            optional: [
                "completed_at": .time,
                "held_since": .time.meaning("A legal hold keeps all of it: they are masked, and nothing is removed."),
            ]))

    static let erasure = JSONSchema.object(
        ["request_id": .text(), "erasure": record],
        optional: [
            "hmac_sha256": .text().meaning("Of the bytes of `erasure` as they stand here, when it is complete.")
        ])

    static let open = JSONSchema.object([
        "request_id": .text(),
        "erasures": .list(.object(["id": .text(), "requested_at": .time, "requested_by": .text()])),
    ])

    static let choice = JSONSchema.object(
        [:], optional: ["training": .boolean, "personal": .boolean, "analytics": .boolean, "reason": reason]
    ).meaning("One purpose at least; what is left out stays as it is.")

    static let consent = JSONSchema.object([
        "request_id": .text(),
        "choices": .object(["training": .boolean, "personal": .boolean, "analytics": .boolean]),
        "being_erased": .boolean,
        "history": .list(
            .object([
                "purpose": .choice(PersonalChoice.Purpose.allCases.map(\.rawValue)), "allowed": .boolean, "at": .time,
                "by": .text(),
            ])),
    ])
}
