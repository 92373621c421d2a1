internal import Domain
public import Operations

/// Deliverers beside each other: it ends when all have, and with the first that fails all end.
public struct DeliveryTargets: Service {
    public let name = "delivery"
    private let members: [any Service]

    /// They begin together.
    public init(_ members: [any Service]) { self.members = members }

    public func run() async throws {
        try await withThrowingTaskGroup { group in
            for member in members { group.addTask { try await member.run() } }
            try await group.waitForAll()
        }
    }
}
