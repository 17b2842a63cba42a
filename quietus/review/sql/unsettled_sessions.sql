-- Which sessions, by their raised windows among the next :walk and those that remained, have windows undecided?
-- Parameters: as in unsettled_texts.sql; label is not used.
-- One row at least: `end` is how far the walk went, over `walked` rows; `ids` and `times` the unsettled ones below it, oldest first.
WITH walk AS (
    SELECT least(CAST(:until AS timestamptz), (
        SELECT event_at FROM video_analysis_events
        WHERE risk_level IN ('HIGH', 'MODERATE') AND event_at >= CAST(:before AS timestamptz)
        ORDER BY event_at OFFSET :walk LIMIT 1)) AS "end"
),
raised AS (
    SELECT session_id, min(event_at) AS since, max(created_at) AS raised_at
    FROM (
        SELECT session_id, event_at, created_at FROM video_analysis_events
        WHERE risk_level IN ('HIGH', 'MODERATE') AND event_at >= CAST(:before AS timestamptz) AND event_at < (SELECT "end" FROM walk)
        UNION ALL
        SELECT session_id, event_at, created_at FROM video_analysis_events
        WHERE session_id = ANY(CAST(:remaining AS uuid[])) AND risk_level IN ('HIGH', 'MODERATE')
          AND event_at < CAST(:before AS timestamptz)
    ) e
    GROUP BY session_id
),
unsettled AS (
    SELECT r.session_id AS id, r.since
    FROM raised r
    LEFT JOIN LATERAL (
        SELECT action, metadata, created_at FROM audit_logs l
        WHERE l.resource_type = 'video_session' AND l.resource_id = r.session_id::text
          AND l.action IN ('review:claimed', 'review:released', 'review:decided', 'review:undone')
        ORDER BY l.id DESC LIMIT 1) newest ON true
    WHERE r.raised_at > coalesce((newest.metadata->>'seen')::timestamptz, '-infinity')
       OR (newest.action = 'review:decided' AND newest.created_at >= :undo_before)
    ORDER BY r.since, r.session_id
    LIMIT :cap + 1
)
SELECT walk."end",
       (SELECT count(*) FROM video_analysis_events
        WHERE risk_level IN ('HIGH', 'MODERATE') AND event_at >= CAST(:before AS timestamptz) AND event_at < walk."end") AS walked,
       array_agg(u.id ORDER BY u.since, u.id) FILTER (WHERE u.id IS NOT NULL) AS ids,
       array_agg(u.since ORDER BY u.since, u.id) FILTER (WHERE u.id IS NOT NULL) AS times
FROM walk LEFT JOIN unsettled u ON true
GROUP BY walk."end"
