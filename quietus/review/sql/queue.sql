-- Which items of one place in the queue wait for this reader, oldest first?
-- Parameters: label (HIGH for the place FIRST, MODERATE for NEXT), reader, now, sampled_since, after_since and
-- after_id (the last row of the page before), "limit".
-- Units: `windows` counts the raised windows of a session that nobody has decided about; NULL for a text.
-- The newest review row about an item says how it stands (review/standing.py). What lies before `before` is decided
-- about except for `remaining` (review/settling.py), so that old decisions are not walked again.
WITH settled AS (
    SELECT about.name,
           coalesce((s.metadata->>'before')::timestamptz, '-infinity') AS before,
           coalesce(s.metadata->'remaining', '[]') AS remaining
    FROM (VALUES (:label), ('SESSION')) AS about(name)
    LEFT JOIN LATERAL (
        SELECT metadata FROM audit_logs
        WHERE resource_type = 'review' AND resource_id = about.name AND action = 'review:settled'
        ORDER BY created_at DESC, id DESC LIMIT 1) s ON true
),
texts AS (
    SELECT 'analysis' AS kind, r.id, r.analyzed_at AS since, NULL::bigint AS windows, newest.action, newest.user_id,
           newest.metadata
    FROM (
        SELECT id, user_id, analyzed_at FROM analysis_records
        WHERE predicted_label = :label AND analyzed_at >= (SELECT before FROM settled WHERE name = :label)
        UNION ALL
        SELECT id, user_id, analyzed_at FROM analysis_records
        WHERE id IN (SELECT jsonb_array_elements_text(remaining)::uuid FROM settled WHERE name = :label)
          AND predicted_label = :label AND analyzed_at < (SELECT before FROM settled WHERE name = :label)
    ) r
    LEFT JOIN LATERAL (
        SELECT action, user_id, metadata FROM audit_logs l
        WHERE l.resource_type = 'analysis' AND l.resource_id = r.id::text
          AND l.action IN ('review:claimed', 'review:released', 'review:decided', 'review:undone')
        ORDER BY l.id DESC LIMIT 1) newest ON true
    WHERE r.user_id <> :reader
      AND (r.analyzed_at, r.id) > (:after_since, :after_id)
      AND (newest.action IS DISTINCT FROM 'review:decided' OR newest.metadata->>'outcome' = 'NEEDS_SECOND_READER')
      AND newest.metadata->>'first_reader' IS DISTINCT FROM CAST(:reader AS text)
    ORDER BY r.analyzed_at, r.id
    LIMIT :limit
),
sampled AS (
    SELECT 'analysis', r.id, r.analyzed_at, NULL::bigint, newest.action, newest.user_id, newest.metadata
    FROM audit_logs a
    JOIN analysis_records r ON r.id = a.resource_id::uuid
    LEFT JOIN LATERAL (
        SELECT action, user_id, metadata FROM audit_logs l
        WHERE l.resource_type = 'analysis' AND l.resource_id = a.resource_id
          AND l.action IN ('review:claimed', 'review:released', 'review:decided', 'review:undone')
        ORDER BY l.id DESC LIMIT 1) newest ON true
    WHERE :label = 'MODERATE' AND a.action = 'review:sampled' AND a.created_at >= :sampled_since
      AND r.predicted_label = 'LOW' AND r.user_id <> :reader
      AND (r.analyzed_at, r.id) > (:after_since, :after_id)
      AND (newest.action IS DISTINCT FROM 'review:decided' OR newest.metadata->>'outcome' = 'NEEDS_SECOND_READER')
      AND newest.metadata->>'first_reader' IS DISTINCT FROM CAST(:reader AS text)
    ORDER BY r.analyzed_at, r.id
    LIMIT :limit
),
raised AS (
    SELECT session_id, max(created_at) AS raised_at, max(created_at) FILTER (WHERE risk_level = 'HIGH') AS high_at
    FROM video_analysis_events
    WHERE risk_level IN ('HIGH', 'MODERATE') AND event_at >= (SELECT before FROM settled WHERE name = 'SESSION')
    GROUP BY session_id
    UNION ALL
    SELECT session_id, max(created_at), max(created_at) FILTER (WHERE risk_level = 'HIGH')
    FROM video_analysis_events
    WHERE session_id IN (SELECT jsonb_array_elements_text(remaining)::uuid FROM settled WHERE name = 'SESSION')
      AND risk_level IN ('HIGH', 'MODERATE') AND event_at < (SELECT before FROM settled WHERE name = 'SESSION')
    GROUP BY session_id
),
sessions AS (
    SELECT 'session', v.id, unseen.since, unseen.windows, newest.action, newest.user_id, newest.metadata
    FROM (SELECT session_id, max(raised_at) AS raised_at, max(high_at) AS high_at FROM raised GROUP BY session_id) r
    JOIN video_sessions v ON v.id = r.session_id
    LEFT JOIN LATERAL (
        SELECT action, user_id, metadata, coalesce((metadata->>'seen')::timestamptz, '-infinity') AS seen
        FROM audit_logs l
        WHERE l.resource_type = 'video_session' AND l.resource_id = v.id::text
          AND l.action IN ('review:claimed', 'review:released', 'review:decided', 'review:undone')
        ORDER BY l.id DESC LIMIT 1) newest ON true
    CROSS JOIN LATERAL (
        SELECT min(event_at) AS since, count(*) AS windows
        FROM video_analysis_events e
        WHERE e.session_id = v.id AND e.risk_level IN ('HIGH', 'MODERATE')
          AND e.created_at > coalesce(newest.seen, '-infinity')) unseen
    WHERE v.user_id <> :reader
      AND r.raised_at > coalesce(newest.seen, '-infinity')
      AND (coalesce(r.high_at > coalesce(newest.seen, '-infinity'), false)) = (:label = 'HIGH')
      AND (unseen.since, v.id) > (:after_since, :after_id)
      AND newest.metadata->>'first_reader' IS DISTINCT FROM CAST(:reader AS text)
)
SELECT kind, id, since, windows,
       CASE WHEN action IS DISTINCT FROM 'review:decided' THEN coalesce((metadata->>'reading')::int, 1)
            WHEN metadata->>'outcome' = 'NEEDS_SECOND_READER' THEN 2
            ELSE 1 END AS reading,  -- a session that was decided about and has new windows since
       CASE WHEN action = 'review:claimed' AND (metadata->>'until')::timestamptz > :now THEN user_id END AS held_by,
       CASE WHEN action = 'review:claimed' AND (metadata->>'until')::timestamptz > :now
            THEN (metadata->>'until')::timestamptz END AS held_until
FROM (SELECT * FROM texts UNION ALL SELECT * FROM sampled UNION ALL SELECT * FROM sessions) item
ORDER BY since, id
LIMIT :limit
