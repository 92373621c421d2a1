/// Rows of a commit by a value that some of them share, such as a user: those of one value lie together in one file.
///
/// Values are put into files in the order of their bytes, so that the bounds of a file rule out most of them. Within a file
/// rows keep the order in which they were given, as that of their times, which takes fewer bytes than the values' own.
struct RowGroups {
    private let batches: [RecordBatch]
    private let rows: [(batch: Int, rows: [Int32])]
    /// The number of each row's value, in the order of the rows.
    private var owners: [Int32] = []
    private var values: [(text: String, rowCount: Int)] = []

    /// O(rows).
    /// - Parameters:
    ///   - rows: of `batches`, which have the same columns.
    ///   - index: of a column of strings.
    /// - Returns: nil if the column is of another type.
    init?(_ rows: [(batch: Int, rows: [Int32])], of batches: [RecordBatch], by index: Int) {
        self.batches = batches
        self.rows = rows
        var numbers: [String: Int32] = [:]
        for (batch, positions) in rows {
            guard case .string(let column) = batches[batch].columns[index] else { return nil }
            for position in positions {
                let text = column.string(at: Int(position)) ?? ""
                let number: Int32
                if let known = numbers[text] {
                    number = known
                } else {
                    number = Int32(values.count)
                    numbers[text] = number
                    values.append((text, 0))
                }
                values[Int(number)].rowCount += 1
                owners.append(number)
            }
        }
    }

    /// The rows for each of about `count` files of equal size; fewer where few values have most rows. O(rows + values · log values).
    func files(of count: Int) -> [[SelectedRows]] {
        let size = (owners.count + count - 1) / max(1, count)
        let order = values.indices.sorted { values[$0].text.utf8.lexicographicallyPrecedes(values[$1].text.utf8) }
        var file = [Int32](repeating: 0, count: values.count)
        var (number, filled) = (Int32(0), 0)
        for value in order {
            if filled >= size { (number, filled) = (number + 1, 0) }
            file[value] = number
            filled += values[value].rowCount
        }
        var positions = [[[Int32]]](
            repeating: [[Int32]](repeating: [], count: batches.count), count: Int(number) + 1)
        var place = 0
        for (batch, own) in rows {
            for position in own {
                positions[Int(file[Int(owners[place])])][batch].append(position)
                place += 1
            }
        }
        return positions.map { positions in
            batches.indices.filter { !positions[$0].isEmpty }.map {
                SelectedRows(batch: batches[$0], positions: RowPositions(positions[$0]))
            }
        }
    }
}
