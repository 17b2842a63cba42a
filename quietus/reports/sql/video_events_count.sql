-- How many rows video_events_rows.sql will give, and how many people stand behind them, as far as it matters: 5 says
-- five or more. Parameters as there.
WITH chosen AS NOT MATERIALIZED (
    SELECT e.user_id
    FROM video_analysis_events AS e
    JOIN video_sessions AS s ON s.id = e.session_id
    WHERE e.event_at >= %(from)s AND e.event_at < %(to)s
      AND (%(risk_level)s::text IS NULL OR e.risk_level = %(risk_level)s::text)
      AND (%(model_version)s::text IS NULL OR e.model_version = %(model_version)s::text)
      AND (%(client_platform)s::text IS NULL OR s.client_platform = %(client_platform)s::text)
      AND (%(session_type)s::text IS NULL OR s.session_type = %(session_type)s::text)
)
SELECT (SELECT count(*) FROM chosen) AS counted,
    (SELECT count(*) FROM (SELECT DISTINCT c.user_id FROM chosen AS c LIMIT 5) AS someone) AS people
