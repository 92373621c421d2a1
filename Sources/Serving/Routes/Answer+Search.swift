internal import Catalog
internal import Domain
internal import HTTPServer

extension Answer {
    /// Films found by words, with what there is of each kind among all of them.
    static func found(_ found: FoundFilms, fields: [ItemField], request: HTTPRequest) -> [UInt8] {
        let (list, state) = (found.list, found.list.state)
        var json = JSONWriter(capacity: 600 + list.items.count * (fields.isEmpty ? 60 : 200))
        json.object {
            $0.field("request_id", request.id)
            $0.name("model")
            $0.value(json: state.modelJSON)
            if let user = list.userState { $0.field("user_state", user.rawValue) }
            $0.field("degraded", list.degraded)
            $0.field("total", found.total)
            $0.name("items")
            $0.array { json in
                for (position, item) in list.items.enumerated() {
                    json.object {
                        $0.field("id", state.items.ids[Int(item.place)])
                        $0.field("rank", list.itemsBefore + position + 1)
                        $0.name("score")
                        $0.value(millionths: item.score.total)
                        guard !fields.isEmpty else { return }
                        $0.name("fields")
                        $0.object { for field in fields { field.write(state.items.movie(at: item.place), to: &$0) } }
                    }
                }
            }
            $0.name("facets")
            $0.object {
                $0.name("genre")
                write(found.facets.genres, named: "value", to: &$0)
                $0.name("language")
                write(found.facets.languages, named: "value", to: &$0)
                $0.name("decade")
                write(found.facets.decades, named: "value", to: &$0)
            }
            $0.name("next_cursor")
            if let cursor = list.nextCursor { $0.value(cursor) } else { $0.null() }
        }
        return json.bytes
    }

    /// Figures about the catalogue.
    static func statistics(_ statistics: CatalogStatistics, request: HTTPRequest) -> [UInt8] {
        var json = JSONWriter(capacity: 8192)
        json.object {
            $0.field("request_id", request.id)
            $0.name("films_by_year")
            $0.array { json in
                for (year, count) in statistics.filmsByYear {
                    json.object {
                        $0.field("year", year)
                        $0.field("count", count)
                    }
                }
            }
            $0.name("most_popular")
            write(statistics.mostPopular, to: &$0)
            $0.name("mean_rating_by_genre")
            $0.array { json in
                for (genre, mean, count) in statistics.meanRatingByGenre {
                    json.object {
                        $0.field("genre", genre)
                        $0.field("mean", mean)
                        $0.field("count", count)
                    }
                }
            }
            $0.name("languages")
            write(statistics.languages.map { (value: $0.language, count: $0.count) }, named: "language", to: &$0)
            $0.name("most_voted")
            write(statistics.mostVoted, to: &$0)
            $0.name("ratings")
            $0.array { json in
                for (from, to, count) in statistics.ratings {
                    json.object {
                        $0.field("from", from)
                        $0.field("to", to)
                        $0.field("count", count)
                    }
                }
            }
        }
        return json.bytes
    }

    private static func write(
        _ counts: [(value: String, count: Int)], named name: StaticString, to json: inout JSONWriter
    ) {
        json.array { json in
            for (value, count) in counts {
                json.object {
                    $0.field(name, value)
                    $0.field("count", count)
                }
            }
        }
    }

    private static func write(_ films: [CatalogStatistics.Film], to json: inout JSONWriter) {
        json.array { json in
            for film in films {
                json.object {
                    $0.field("id", film.id)
                    $0.field("title", film.title)
                    $0.field("value", film.value)
                }
            }
        }
    }
}
