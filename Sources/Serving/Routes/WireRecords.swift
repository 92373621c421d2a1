internal import Foundation
internal import HTTPServer

/// Reads what a request brings of one kind: a JSON object, an array of them, or JSON Lines. All of them are good or none
/// is taken: the problem names the first that is not, counted from 1.
///
/// Foundation's decoder is an order of magnitude slower than a scanner of our own, and fast enough here: each batch is
/// then made durable by the broker, which takes longer.
struct WireRecords {
    /// What one of them is called.
    let name: String
    let most: Int
    /// The problem of one of them, or of the body as a whole, where there is no number.
    let problem: (_ number: Int?, _ reason: String) -> ServingError

    func read<Wire: Decodable>(_ request: HTTPRequest) throws(ServingError) -> [Wire] {
        let type = (request.headers["content-type"] ?? "").split(separator: ";").first.map {
            $0.trimmingCharacters(in: .whitespaces).lowercased()
        }
        let decoder = JSONDecoder()
        var records: [Wire] = []
        switch type {
        case "application/json":
            let isArray = request.body.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "[")
            do {
                let data = Data(request.body)
                records =
                    isArray ? try decoder.decode([Wire].self, from: data) : [try decoder.decode(Wire.self, from: data)]
            } catch {
                throw refusal(error, number: nil)
            }
        case "application/x-ndjson", "application/jsonl", "application/json-lines":
            var number = 0
            for line in request.body.split(separator: UInt8(ascii: "\n")) where line.contains(where: { $0 > 0x20 }) {
                number += 1
                guard number <= most else { throw .tooManyEvents(limit: most) }
                do {
                    records.append(try decoder.decode(Wire.self, from: Data(line)))
                } catch {
                    throw refusal(error, number: number)
                }
            }
        default:
            throw .unsupportedMediaType(type ?? "")
        }
        guard !records.isEmpty else { throw problem(nil, "there is no \(name) in the body") }
        guard records.count <= most else { throw .tooManyEvents(limit: most) }
        return records
    }

    private func refusal(_ error: any Error, number: Int?) -> ServingError {
        var number = number
        guard let error = error as? DecodingError else { return problem(number, "it is not JSON") }
        func field(_ context: DecodingError.Context) -> String {
            for key in context.codingPath { if let index = key.intValue { number = index + 1 } }
            return context.codingPath.last { $0.intValue == nil }?.stringValue ?? "the \(name)"
        }
        switch error {
        case .keyNotFound(let key, let context):
            _ = field(context)
            return problem(number, "\(key.stringValue) is missing")
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            let name = field(context)
            return problem(number, "\(name) has the wrong type")
        default: return problem(number, "it is not JSON")
        }
    }
}

/// Any member of a JSON object.
struct WireKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
