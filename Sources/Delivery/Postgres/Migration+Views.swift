extension Migration {
    /// What there is to look at. The same for Delta tables: `docs/sql/`.
    static let views = Migration(
        version: 2, name: "views",
        script: """
            CREATE VIEW marquee.current_recommendations AS
            SELECT r.*
            FROM marquee.recommendations r
            JOIN (
                SELECT DISTINCT ON (user_id) user_id, recommendation_id
                FROM marquee.recommendations
                ORDER BY user_id, generated_at DESC, recommendation_id
            ) newest USING (user_id, recommendation_id);
            COMMENT ON VIEW marquee.current_recommendations IS 'The newest list of each user.';

            CREATE VIEW marquee.trending_by_hour AS
            SELECT * FROM (
                SELECT hour, item_id, title, events, users,
                    row_number() OVER (PARTITION BY hour ORDER BY users DESC, events DESC, item_id) AS rank
                FROM (
                    SELECT date_trunc('hour', e.at AT TIME ZONE 'UTC') AS hour, e.item_id, f.title,
                        count(*) AS events, count(DISTINCT e.user_id) AS users
                    FROM marquee.events e LEFT JOIN marquee.films f USING (item_id)
                    WHERE NOT (e.kind = 'like' AND e.value < 0)
                    GROUP BY 1, 2, 3
                ) counted
            ) ranked
            WHERE rank <= 20;
            COMMENT ON VIEW marquee.trending_by_hour IS
                'The 20 films that most people watched, liked or reviewed in each hour (UTC).';

            CREATE VIEW marquee.top_films_by_genre AS
            SELECT * FROM (
                SELECT genre, item_id, title, users, events, stars,
                    row_number() OVER (PARTITION BY genre ORDER BY users DESC, events DESC, item_id) AS rank
                FROM (
                    SELECT genre, f.item_id, f.title, count(DISTINCT e.user_id) AS users, count(*) AS events,
                        avg(e.value) FILTER (WHERE e.kind = 'review') AS stars
                    FROM marquee.films f
                    CROSS JOIN LATERAL unnest(f.genres) AS genre
                    JOIN marquee.events e USING (item_id)
                    WHERE NOT (e.kind = 'like' AND e.value < 0)
                    GROUP BY 1, 2, 3
                ) counted
            ) ranked
            WHERE rank <= 20;
            COMMENT ON VIEW marquee.top_films_by_genre IS
                'The 20 films of each genre that most people watched, liked or reviewed, with their mean stars.';

            CREATE VIEW marquee.recommended_and_watched AS
            SELECT r.model_id, r.recommendation_id, r.user_id, r.rank, r.item_id, r.title, r.score, r.generated_at,
                watched.at AS watched_at, extract(epoch FROM watched.at - r.generated_at) / 3600 AS hours_later
            FROM marquee.recommendations r
            LEFT JOIN LATERAL (
                SELECT min(e.at) AS at
                FROM marquee.events e
                WHERE e.user_id = r.user_id AND e.item_id = r.item_id
                    AND e.at > r.generated_at AND e.at <= r.generated_at + interval '7 days'
            ) watched ON true;
            COMMENT ON VIEW marquee.recommended_and_watched IS
                'Each recommended film, and when its user first did something with it within 7 days; null if never.';

            CREATE VIEW marquee.user_activity AS
            SELECT user_id, count(*) AS events, count(*) FILTER (WHERE kind = 'view') AS views,
                count(*) FILTER (WHERE kind = 'like') AS likes, count(*) FILTER (WHERE kind = 'review') AS reviews,
                count(DISTINCT item_id) AS films, min(at) AS first_at, max(at) AS last_at
            FROM marquee.events
            GROUP BY user_id;
            COMMENT ON VIEW marquee.user_activity IS 'What each user has done, and between when and when.';

            CREATE VIEW marquee.freshness AS
            SELECT events.at AS newest_event_at, events.delivered_at AS newest_delivery_at,
                lists.generated_at AS newest_list_at, offsets.updated_at AS newest_commit_at,
                extract(epoch FROM now() - events.delivered_at) AS seconds_since_delivery,
                extract(epoch FROM lists.generated_at - events.delivered_at) AS seconds_to_list
            FROM (SELECT max(at) AS at, max(delivered_at) AS delivered_at FROM marquee.events) events,
                (SELECT max(generated_at) AS generated_at FROM marquee.recommendations) lists,
                (SELECT max(updated_at) AS updated_at FROM marquee.offsets) offsets;
            COMMENT ON VIEW marquee.freshness IS 'How new the newest event, list and commit are: one row.';

            CREATE VIEW marquee.model_history AS
            SELECT model_id, min(generated_at) AS first_list_at, max(generated_at) AS last_list_at,
                count(DISTINCT recommendation_id) AS lists, count(DISTINCT user_id) AS users,
                count(DISTINCT item_id) AS films, avg(score) FILTER (WHERE rank = 1) AS mean_top_score
            FROM marquee.recommendations
            GROUP BY model_id;
            COMMENT ON VIEW marquee.model_history IS
                'Which model made lists when, how many, and how many different films they had.';
            """)
}
