internal import Domain
internal import Linalg

/// The lists that a model's factors would have made in the place of logged ones: for each list of a user whom the model knows
/// all items by falling ⟨p_u, q_i⟩, without those that the user had an event of before. They leave nothing to chance.
struct TargetLists {
    private let model: MappedModel
    private let shown: ImpressionRecords
    private let log: InteractionLog

    init(_ model: MappedModel, _ shown: ImpressionRecords, _ log: InteractionLog) {
        self.model = model
        self.shown = shown
        self.log = log
    }

    /// A logged list: its records, and its user.
    private struct Logged {
        var user: UserIndex
        var person: Int32
        var records: Range<Int>
        var at: Int64
        var depth: Int
    }

    /// Of every record with a propensity whose user the model knows. O(lists × items × rank).
    func slots(_ outcomes: [LogEvaluation.Outcome]) throws -> [LoggedSlot] {
        let records = shown.records
        var lists: [Logged] = []
        var start = 0
        while start < records.count {
            var end = start + 1
            while end < records.count, records[end].list == records[start].list { end += 1 }
            let (range, first) = (start..<end, records[start])
            start = end
            guard first.user >= 0, let user = model.userIndex(of: shown.users.id(at: Int(first.user))),
                records[range].contains(where: { $0.propensity != nil })
            else { continue }
            lists.append(
                Logged(
                    user: user, person: first.user, records: range, at: first.at,
                    depth: records[range].map { Int($0.position) }.max() ?? 1))
        }
        let expected = RewardModel.crossFitted(
            lists.flatMap { list in
                list.records.map {
                    (
                        user: list.person, position: Int(records[$0].position), item: modelItem(records[$0].item),
                        reward: outcomes[$0].isClicked ? 1 : 0
                    )
                }
            })
        let seen = try seen(lists)
        let packed = try PackedItems(model.itemFactors)
        var slots: [LoggedSlot] = []
        for list in lists {
            var excluded = ItemBitmap(itemCount: model.itemCount)
            for (at, item) in seen[list.person] ?? [] where at < list.at { excluded.insert(ItemIndex(rawValue: item)) }
            let own = packed.topK(
                model.userFactors.row(list.user.position), count: min(list.depth, model.itemCount), excluding: excluded)
            let rewards = expected(list.person)
            for number in list.records {
                let record = records[number]
                guard let propensity = record.propensity else { continue }
                let (position, item) = (Int(record.position), modelItem(record.item))
                // Where the model's list has ended it shows nothing.
                let target = position <= own.count ? own[position - 1].item.rawValue : nil
                slots.append(
                    LoggedSlot(
                        user: list.person, propensity: propensity, target: target == item ? 1 : 0,
                        reward: outcomes[number].isClicked ? 1 : 0,
                        expected: rewards.expected(item: item, at: position),
                        expectedOfTarget: target.map { rewards.expected(item: $0, at: position) } ?? 0))
            }
        }
        return slots
    }

    /// The model's number of a shown item; below zero, and one of its own, where the model does not know it.
    private func modelItem(_ item: Int32) -> Int32 {
        model.itemIndex(of: shown.items.id(at: Int(item)))?.rawValue ?? -1 - item
    }

    /// By user of the impressions, the model's items they had events of, with the times.
    private func seen(_ lists: [Logged]) throws -> [Int32: [(at: Int64, item: Int32)]] {
        let asked = Set(lists.map(\.person))
        let users = (0..<log.users.count).map { user in
            shown.users.index(of: user, in: log.users).flatMap { asked.contains($0) ? $0 : nil }
        }
        let items = (0..<log.items.count).map { model.itemIndex(of: log.items.id(at: $0))?.rawValue }
        var seen: [Int32: [(at: Int64, item: Int32)]] = [:]
        try log.forEachChunk { chunk in
            for event in chunk {
                guard let user = users[Int(event.user)], let item = items[Int(event.item)] else { continue }
                seen[user, default: []].append((event.at, item))
            }
        }
        return seen
    }
}
