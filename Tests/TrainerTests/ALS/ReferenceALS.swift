import Foundation
import Linalg
import TestSupport
import Trainer

/// Runs Tests/Independent/als/reference.py on a problem.
struct ReferenceALS {
    let folder: URL

    init(
        folder: URL, interactions: SparseRows, start: ALSFactors, parameters: ALSParameters
    ) throws {
        self.folder = folder
        let settings: [String: Any] = [
            "users": interactions.rows, "items": interactions.columns, "rank": parameters.rank,
            "epochs": parameters.epochs, "alpha0": Double(parameters.alpha0), "lambda": Double(parameters.lambda),
            "nu": Double(parameters.nu),
        ]
        try JSONSerialization.data(withJSONObject: settings).write(to: folder.appending(path: "problem.json"))
        try write(interactions.rowStarts, "starts.i64")
        try write(interactions.columnIndices, "columns.i32")
        try write(interactions.values, "values.f32")
        try write(start.userFactors.elements, "users.f32")
        try write(start.itemFactors.elements, "items.f32")
    }

    private func write<T: BitwiseCopyable>(_ values: [T], _ name: String) throws {
        try values.withUnsafeBytes { Data($0) }.write(to: folder.appending(path: name))
    }

    func matrix(_ name: String, rows: Int, columns: Int) throws -> Matrix {
        let data = try Data(contentsOf: folder.appending(path: name))
        let floats = data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        return try Matrix(rows: rows, columns: columns, elements: floats)
    }

    struct Failure: Error {
        let status: Int32
        let output: String
    }

    /// The script's answer.
    func run<Answer: Decodable & Sendable>(_ mode: String, as: Answer.Type) async throws -> Answer {
        let process = Process()
        process.executableURL = Checkout.python
        process.arguments = [
            Checkout.root.appending(path: "Tests/Independent/als/reference.py").path, mode, folder.path,
        ]
        let out = folder.appending(path: "answer.json")
        let errors = folder.appending(path: "errors.txt")
        for file in [out, errors] { try Data().write(to: file) }
        process.standardOutput = try FileHandle(forWritingTo: out)
        process.standardError = try FileHandle(forWritingTo: errors)
        let status = try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { ended.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { ended.resume(throwing: error) }
        }
        guard status == 0 else {
            throw Failure(status: status, output: (try? String(contentsOf: errors, encoding: .utf8)) ?? "")
        }
        return try JSONDecoder().decode(Answer.self, from: Data(contentsOf: out))
    }
}
