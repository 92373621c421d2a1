internal import Domain
internal import Foundation
internal import HTTPServer

/// Reads what a request brings of one kind: a JSON object, an array of them, or JSON Lines. All of them are good or none
/// is taken: the problem names the first that is not, counted from 1.
struct WireRecords {
    /// What one of them is called.
    let name: String
    let most: Int
    /// The problem of one of them, or of the body as a whole, where there is no number.
    let problem: (_ number: Int?, _ reason: String) -> ServingError

    func read<Wire: WireRecord>(_ request: HTTPRequest) throws(ServingError) -> [Wire] {
        let type = (request.headers["content-type"] ?? "").split(separator: ";").first.map {
            $0.trimmingCharacters(in: .whitespaces).lowercased()
        }
        var records: [Wire] = []
        switch type {
        case "application/json":
            let body = try parsed(request.body, number: nil)
            guard case .array(let elements) = body else { return [try record(body, number: nil)] }
            guard elements.count <= most else { throw .tooManyEvents(limit: most) }
            records.reserveCapacity(elements.count)
            for element in elements { records.append(try record(element, number: records.count + 1)) }
        case "application/x-ndjson", "application/jsonl", "application/json-lines":
            for line in request.body.split(separator: UInt8(ascii: "\n")) where line.contains(where: { $0 > 0x20 }) {
                let number = records.count + 1
                guard number <= most else { throw .tooManyEvents(limit: most) }
                records.append(try record(try parsed(Array(line), number: number), number: number))
            }
        default:
            throw .unsupportedMediaType(type ?? "")
        }
        guard !records.isEmpty else { throw problem(nil, "there is no \(name) in the body") }
        return records
    }

    private func parsed(_ bytes: [UInt8], number: Int?) throws(ServingError) -> JSONValue {
        do throws(JSONValue.Flaw) {
            return try JSONValue(parsing: bytes)
        } catch {
            let reason = "\(error.reason), at byte \(error.offset)"
            throw problem(number, error.isRepeatedName ? reason : "it is not JSON: \(reason)")
        }
    }

    private func record<Wire: WireRecord>(_ value: JSONValue, number: Int?) throws(ServingError) -> Wire {
        guard case .object(let members) = value else { throw problem(number, "the \(name) has the wrong type") }
        do throws(WireFlaw) {
            return try Wire(WireMembers(members))
        } catch {
            throw problem(number, error.reason)
        }
    }
}

/// What a request brings many of.
protocol WireRecord {
    init(_ members: WireMembers) throws(WireFlaw)
}

/// Why a record cannot be read.
struct WireFlaw: Error {
    /// Half a sentence.
    let reason: String
}

/// The members of one record, each read as what it is meant to be. Null is as if an optional one were not there.
struct WireMembers {
    private let members: [JSONValue.Member]

    init(_ members: [JSONValue.Member]) { self.members = members }

    /// The first by name that is none of those known; nil if there is none.
    func unknown(beside known: Set<String>) -> String? {
        members.lazy.map(\.name).filter { !known.contains($0) }.min()
    }

    func text(_ name: String) throws(WireFlaw) -> String { try Self.text(name, try required(name)) }

    func textIfPresent(_ name: String) throws(WireFlaw) -> String? {
        guard let value = optional(name) else { return nil }
        return try Self.text(name, value)
    }

    func number(_ name: String) throws(WireFlaw) -> Double { try Self.number(name, try required(name)) }

    func numberIfPresent(_ name: String) throws(WireFlaw) -> Double? {
        guard let value = optional(name) else { return nil }
        return try Self.number(name, value)
    }

    func whole(_ name: String) throws(WireFlaw) -> Int {
        guard let whole = Int(exactly: try number(name)) else {
            throw WireFlaw(reason: "\(name) must be a whole number")
        }
        return whole
    }

    private func required(_ name: String) throws(WireFlaw) -> JSONValue {
        guard let value = value(name) else { throw WireFlaw(reason: "\(name) is missing") }
        return value
    }

    private func optional(_ name: String) -> JSONValue? { value(name).flatMap { $0 == .null ? nil : $0 } }

    private func value(_ name: String) -> JSONValue? { members.first { $0.name == name }?.value }

    private static func text(_ name: String, _ value: JSONValue) throws(WireFlaw) -> String {
        guard case .text(let text) = value else { throw WireFlaw(reason: "\(name) has the wrong type") }
        return text
    }

    private static func number(_ name: String, _ value: JSONValue) throws(WireFlaw) -> Double {
        guard case .number(let number) = value else { throw WireFlaw(reason: "\(name) has the wrong type") }
        return number
    }
}
