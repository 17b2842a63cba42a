-- Which running sessions are over, and since when?
-- Parameters: now (timestamptz), silence and longest (intervals).
-- Times: an event's clock may be off by minutes; ended_at stays between started_at and now.
-- Sessions that are just being written to are held by their writer and are skipped: they are not silent.
WITH running AS (
    SELECT s.id, s.started_at, s.started_at + :longest AS limit_at,
           LEAST(GREATEST(s.started_at, last.event_at), :now) AS heard_at
    FROM video_sessions AS s
    LEFT JOIN LATERAL (
        SELECT e.event_at
        FROM video_analysis_events AS e
        WHERE e.session_id = s.id
        ORDER BY e.event_at DESC
        LIMIT 1
    ) AS last ON true
    WHERE s.status = 'ACTIVE'
      AND s.started_at <= CAST(:now AS timestamptz) - CAST(:silence AS interval)
    FOR UPDATE OF s SKIP LOCKED
)
UPDATE video_sessions AS s
SET status = CASE WHEN r.heard_at + :silence <= LEAST(r.limit_at, :now) THEN 'ABANDONED' ELSE 'ENDED' END,
    ended_at = CASE WHEN r.heard_at + :silence <= LEAST(r.limit_at, :now) THEN r.heard_at ELSE r.limit_at END
FROM running AS r
WHERE s.id = r.id
  AND (r.heard_at + :silence <= LEAST(r.limit_at, :now) OR r.limit_at <= :now)
RETURNING s.id, s.user_id, s.status, s.ended_at
