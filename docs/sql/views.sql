-- The views of docs/delivery-postgresql.md over the Delta tables of a store, for DuckDB. They read `events` and `movies`, which
-- tables.sql makes. `at` is a keyword of DuckDB and stands in quotes.
CREATE SCHEMA IF NOT EXISTS marquee;

CREATE OR REPLACE VIEW marquee.films AS
SELECT item_id, title, year, genres
FROM movies
WHERE NOT coalesce(is_partial, false)
QUALIFY row_number() OVER (PARTITION BY item_id ORDER BY updated_at DESC) = 1;
COMMENT ON VIEW marquee.films IS 'The newest whole description of each film; one that is withdrawn has an empty title.';

CREATE OR REPLACE VIEW marquee.trending_by_hour AS
SELECT hour, item_id, title, events, users,
    row_number() OVER (PARTITION BY hour ORDER BY users DESC, events DESC, item_id) AS rank
FROM (
    SELECT date_trunc('hour', make_timestamp(epoch_us(e."at"))) AS hour, e.item_id, f.title,
        count(*) AS events, count(DISTINCT e.user_id) AS users
    FROM events e LEFT JOIN marquee.films f USING (item_id)
    WHERE NOT (e.kind = 'like' AND e.value < 0)
    GROUP BY 1, 2, 3
) counted
QUALIFY rank <= 20;
COMMENT ON VIEW marquee.trending_by_hour IS
    'The 20 films that most people watched, liked or reviewed in each hour (UTC).';

CREATE OR REPLACE VIEW marquee.top_films_by_genre AS
SELECT genre, item_id, title, users, events, stars,
    row_number() OVER (PARTITION BY genre ORDER BY users DESC, events DESC, item_id) AS rank
FROM (
    SELECT genre, f.item_id, f.title, count(DISTINCT e.user_id) AS users, count(*) AS events,
        avg(e.value::double) FILTER (WHERE e.kind = 'review') AS stars
    FROM (SELECT item_id, title, unnest(genres) AS genre FROM marquee.films) f
    JOIN events e USING (item_id)
    WHERE NOT (e.kind = 'like' AND e.value < 0)
    GROUP BY 1, 2, 3
) counted
QUALIFY rank <= 20;
COMMENT ON VIEW marquee.top_films_by_genre IS
    'The 20 films of each genre that most people watched, liked or reviewed, with their mean stars.';

CREATE OR REPLACE VIEW marquee.user_activity AS
SELECT user_id, count(*) AS events, count(*) FILTER (WHERE kind = 'view') AS views,
    count(*) FILTER (WHERE kind = 'like') AS likes, count(*) FILTER (WHERE kind = 'review') AS reviews,
    count(DISTINCT item_id) AS films, min("at") AS first_at, max("at") AS last_at
FROM events
GROUP BY user_id;
COMMENT ON VIEW marquee.user_activity IS 'What each user has done, and between when and when.';

CREATE OR REPLACE VIEW marquee.freshness AS
SELECT max("at") AS newest_event_at, max(ingested_at) AS newest_delivery_at FROM events;
COMMENT ON VIEW marquee.freshness IS 'How new the newest event and its storing are: one row.';
