// Factors of any matrix of confidences: no store, no Kafka, no films. Reads lines `user,item,confidence` and prints the
// best new items of the first user.
//
//     train-on-a-matrix FILE [RANK]

import Domain
import Foundation
import Linalg
import Trainer

let words = CommandLine.arguments
guard (2...3).contains(words.count), let rank = Int(words.count == 3 ? words[2] : "16") else {
    print("usage: train-on-a-matrix FILE [RANK]")
    exit(64)
}

/// Dense numbers for names, in the order in which they first come.
struct Numbering {
    var names: [String] = []
    private var numbers: [String: Int32] = [:]

    mutating func number(_ name: String) -> Int32 {
        if let known = numbers[name] { return known }
        numbers[name] = Int32(names.count)
        names.append(name)
        return Int32(names.count - 1)
    }
}

do {
    var users = Numbering()
    var items = Numbering()
    var entries: [(row: Int32, column: Int32, value: Float)] = []
    for line in try String(contentsOfFile: words[1], encoding: .utf8).split(whereSeparator: \.isNewline) {
        let cells = line.split(separator: ",").map(String.init)
        guard cells.count == 3, let confidence = Float(cells[2]) else { continue }  // a header
        entries.append((users.number(cells[0]), items.number(cells[1]), confidence))
    }
    let matrix = try SparseRows(rows: users.names.count, columns: items.names.count, entries: entries)

    // Blocks, with a thread a core. The same bytes for any number of threads.
    let factors = try ALS.fit(interactions: matrix, parameters: ALSParameters(rank: rank, epochs: 8)) { report in
        print("epoch \(report.epoch): loss \(report.loss)")
    }

    // The scores of a user are products with all items; the best are found exactly.
    let seen = ItemBitmap(
        itemCount: matrix.columns, items: matrix.entries(ofRow: 0).map { ItemIndex(rawValue: matrix.columnIndices[$0]) }
    )
    let best = try PackedItems(factors.itemFactors).topK(factors.userFactors.row(0), count: 5, excluding: seen)
    print("for \(users.names[0]):")
    for (item, score) in best { print("\(items.names[item.position]) \(score)") }
} catch {
    print("train-on-a-matrix: \(error)")
    exit(65)
}
