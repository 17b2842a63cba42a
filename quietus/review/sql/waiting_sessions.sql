-- Which sessions with raised windows wait for this reader, oldest first? Several windows of a session are one item.
-- Parameters: reader, now; before and remaining (the mark of sessions, as in waiting_texts.sql).
-- Units: `windows` counts the raised windows that nobody has decided about, `high` says whether one of them is HIGH.
WITH raised AS (
    SELECT session_id, max(created_at) AS raised_at, max(created_at) FILTER (WHERE risk_level = 'HIGH') AS high_at
    FROM (
        SELECT session_id, created_at, risk_level FROM video_analysis_events
        WHERE risk_level IN ('HIGH', 'MODERATE') AND event_at >= :before
        UNION ALL
        SELECT session_id, created_at, risk_level FROM video_analysis_events
        WHERE session_id = ANY(CAST(:remaining AS uuid[])) AND risk_level IN ('HIGH', 'MODERATE')
    ) e
    GROUP BY session_id
),
sessions AS (
    SELECT v.id, unseen.since, unseen.windows, r.high_at > coalesce(newest.seen, '-infinity') AS high,
           newest.action, newest.user_id, newest.metadata
    FROM raised r
    JOIN video_sessions v ON v.id = r.session_id
    LEFT JOIN LATERAL (
        SELECT action, user_id, metadata, (metadata->>'seen')::timestamptz AS seen
        FROM audit_logs l
        WHERE l.resource_type = 'video_session' AND l.resource_id = r.session_id::text
          AND l.action IN ('review:claimed', 'review:released', 'review:decided', 'review:undone')
        ORDER BY l.id DESC LIMIT 1) newest ON true
    CROSS JOIN LATERAL (
        SELECT min(event_at) AS since, count(*) AS windows
        FROM video_analysis_events e
        WHERE e.session_id = r.session_id AND e.risk_level IN ('HIGH', 'MODERATE')
          AND e.created_at > coalesce(newest.seen, '-infinity')) unseen
    WHERE v.user_id <> :reader
      AND r.raised_at > coalesce(newest.seen, '-infinity')
      AND newest.metadata->>'first_reader' IS DISTINCT FROM CAST(:reader AS text)
)
SELECT id, since, windows, coalesce(high, false) AS high,
       CASE WHEN action IS DISTINCT FROM 'review:decided' THEN coalesce((metadata->>'reading')::int, 1)
            WHEN metadata->>'outcome' = 'NEEDS_SECOND_READER' THEN 2
            ELSE 1 END AS reading,  -- decided about once, with new windows since
       CASE WHEN action = 'review:claimed' AND (metadata->>'until')::timestamptz > :now THEN user_id END AS held_by,
       CASE WHEN action = 'review:claimed' AND (metadata->>'until')::timestamptz > :now
            THEN (metadata->>'until')::timestamptz END AS held_until
FROM sessions
ORDER BY since, id
