internal import Catalog
internal import Domain
internal import Linalg
internal import Trainer

/// Everything that one answer is made from, immutable: a request takes the state in force once and uses no other, so
/// an answer is made by exactly one model however often models change meanwhile.
final class ServingState: Sendable {
    let model: any FactorModel
    let content: any ContentSource
    /// Answers of an index in this process, which is as immutable as this state.
    let contentMemory = ContentMemory()
    let items: ItemSpace
    let popularity: Popularity
    /// Item factors scaled to length 1, for the cosine of two items. An item without factors stays zero.
    let unitFactors: Matrix
    /// The same, laid out for exact top-k.
    let directions: PackedItems
    let foldIn: FoldIn
    /// `model` of every answer, written once.
    let modelJSON: [UInt8]

    /// O(items × rank² + interactions): for a large model seconds, so never on a thread that answers requests.
    init(model: any FactorModel, catalog: CatalogSnapshot, content: any ContentSource) throws {
        self.model = model
        self.content = content
        items = ItemSpace(model: model, catalog: catalog)
        modelJSON = Answer.model(model.identity)
        popularity = Popularity(model: model, items: items)
        unitFactors = Self.unitRows(model.itemFactors)
        directions = try PackedItems(unitFactors)
        foldIn = try FoldIn(itemFactors: model.itemFactors, parameters: model.parameters)
    }

    /// The item's factors scaled to length 1; nil if it has none.
    func direction(of item: ItemIndex) -> [Float]? {
        let row = unitFactors.row(item.position)
        return row.contains { $0 != 0 } ? row : nil
    }

    private static func unitRows(_ matrix: Matrix) -> Matrix {
        var unit = matrix
        unit.withUnsafeMutableElements { elements in
            for row in 0..<matrix.rows {
                let range = row * matrix.columns..<(row + 1) * matrix.columns
                let length = elements[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
                if length > 0 { for i in range { elements[i] /= length } }
            }
        }
        return unit
    }
}
