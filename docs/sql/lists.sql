-- The views about lists of docs/delivery-postgresql.md, for DuckDB: those that `serve` answered with, as the table of impressions
-- has them (docs/serving.md). Run it after tables.sql and views.sql. Scores and reasons are not in that table.
CREATE OR REPLACE VIEW marquee.recommendations AS
SELECT i.user_id, i.position AS rank, i.item_id, f.title, i.model_id, i.recommendation_id,
    min(i."at") OVER (PARTITION BY i.recommendation_id) AS generated_at
FROM impressions i LEFT JOIN marquee.films f USING (item_id)
WHERE i.source = 'answer' AND i.user_id IS NOT NULL;
COMMENT ON VIEW marquee.recommendations IS 'The items of each list that was answered, a row for each.';

CREATE OR REPLACE VIEW marquee.current_recommendations AS
SELECT *
FROM marquee.recommendations
QUALIFY recommendation_id = first(recommendation_id) OVER (
    PARTITION BY user_id ORDER BY generated_at DESC, recommendation_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);
COMMENT ON VIEW marquee.current_recommendations IS 'The newest list of each user.';

CREATE OR REPLACE VIEW marquee.recommended_and_watched AS
SELECT *, epoch(watched_at - generated_at) / 3600 AS hours_later
FROM (
    SELECT r.model_id, r.recommendation_id, r.user_id, r.rank, r.item_id, r.title, r.generated_at,
        min(e."at") AS watched_at
    FROM marquee.recommendations r
    LEFT JOIN events e ON e.user_id = r.user_id AND e.item_id = r.item_id
        AND e."at" > r.generated_at AND e."at" <= r.generated_at + INTERVAL 7 DAY
    GROUP BY ALL
) r;
COMMENT ON VIEW marquee.recommended_and_watched IS
    'Each recommended film, and when its user first did something with it within 7 days; null if never.';

CREATE OR REPLACE VIEW marquee.freshness AS
SELECT e.at AS newest_event_at, e.stored_at AS newest_delivery_at, l.generated_at AS newest_list_at,
    greatest(e.stored_at, l.stored_at) AS newest_commit_at,
    epoch(now() - e.stored_at) AS seconds_since_delivery, epoch(l.generated_at - e.stored_at) AS seconds_to_list
FROM (SELECT max("at") AS at, max(ingested_at) AS stored_at FROM events) e,
    (SELECT max("at") AS generated_at, max(ingested_at) AS stored_at FROM impressions WHERE source = 'answer') l;
COMMENT ON VIEW marquee.freshness IS 'How new the newest event, list and commit are: one row.';

CREATE OR REPLACE VIEW marquee.model_history AS
SELECT model_id, min(generated_at) AS first_list_at, max(generated_at) AS last_list_at,
    count(DISTINCT recommendation_id) AS lists, count(DISTINCT user_id) AS users, count(DISTINCT item_id) AS films
FROM marquee.recommendations
GROUP BY model_id;
COMMENT ON VIEW marquee.model_history IS
    'Which model made lists when, how many, and how many different films they had.';
