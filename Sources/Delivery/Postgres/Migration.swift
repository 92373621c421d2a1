/// One step of the schema `marquee`. Never changed once released: what is to be different is a further step.
struct Migration: Sendable {
    let version: Int
    let name: String
    /// Statements separated by semicolons, run in one transaction with all other steps that are missing.
    let script: String

    /// All of them, in order.
    static let all = [tables, views]
}

extension Migration {
    /// What is delivered. Times are UTC instants; numbers are `bigint` and `double precision`, which nothing that comes
    /// over the wire overflows.
    static let tables = Migration(
        version: 1, name: "tables",
        script: """
            CREATE TABLE marquee.events (
                event_id text PRIMARY KEY,
                user_id text NOT NULL,
                item_id text NOT NULL,
                kind text NOT NULL,
                value double precision NOT NULL,
                review_text text,
                at timestamptz NOT NULL,
                source text NOT NULL,
                topic text NOT NULL,
                partition bigint NOT NULL,
                message_offset bigint NOT NULL,
                delivered_at timestamptz NOT NULL
            );
            CREATE INDEX events_of_user ON marquee.events (user_id, item_id, at);
            CREATE INDEX events_by_time ON marquee.events (at);
            CREATE INDEX events_by_place ON marquee.events (topic, partition, message_offset);
            COMMENT ON TABLE marquee.events IS 'Every view, like and review, once by its event_id.';
            COMMENT ON COLUMN marquee.events.value IS
                'view: watched share 0 to 1; like: 1 or -1; review: stars 0.5 to 5.';
            COMMENT ON COLUMN marquee.events.at IS 'When it happened.';
            COMMENT ON COLUMN marquee.events.delivered_at IS 'When it was read from Kafka.';

            CREATE TABLE marquee.recommendations (
                user_id text NOT NULL,
                rank bigint NOT NULL CHECK (rank >= 1),
                item_id text NOT NULL,
                title text,
                score double precision NOT NULL CHECK (score > '-Infinity' AND score < 'Infinity'),
                reasons jsonb NOT NULL,
                model_id text NOT NULL,
                recommendation_id text NOT NULL,
                generated_at timestamptz NOT NULL,
                trigger_event_id text NOT NULL,
                PRIMARY KEY (trigger_event_id, rank)
            );
            CREATE INDEX recommendations_of_user ON marquee.recommendations (user_id, generated_at DESC);
            CREATE INDEX recommendations_by_time ON marquee.recommendations (generated_at);
            COMMENT ON TABLE marquee.recommendations IS
                'Lists as they were made, a row an item: one list for the events of a user that came together.';
            COMMENT ON COLUMN marquee.recommendations.title IS 'Null where no film of the catalogue is known.';
            COMMENT ON COLUMN marquee.recommendations.reasons IS
                'The parts of the score, which add up to it: [{"source", "name", "part", "because": {"id", "title"}}].';
            COMMENT ON COLUMN marquee.recommendations.trigger_event_id IS 'The newest event that the list is due to.';

            CREATE TABLE marquee.films (
                item_id text PRIMARY KEY,
                title text NOT NULL,
                year bigint,
                genres text[] NOT NULL
            );
            COMMENT ON TABLE marquee.films IS 'The catalogue as the views need it. Films that are withdrawn stay.';

            CREATE TABLE marquee.dead_letters (
                topic text NOT NULL,
                partition bigint NOT NULL,
                message_offset bigint NOT NULL,
                at timestamptz NOT NULL,
                reason text NOT NULL,
                payload bytea,
                key bytea
            );
            CREATE INDEX dead_letters_by_place ON marquee.dead_letters (topic, partition, message_offset);
            COMMENT ON TABLE marquee.dead_letters IS 'Messages that are no events, whole, each with its reason.';

            CREATE TABLE marquee.offsets (
                consumer text NOT NULL,
                source text NOT NULL,
                next_offset bigint,
                updated_at timestamptz NOT NULL DEFAULT now(),
                PRIMARY KEY (consumer, source)
            );
            COMMENT ON TABLE marquee.offsets IS
                'Where to go on in each partition of Kafka. Changed in the transaction that stores the rows: do not edit.';
            """)
}
