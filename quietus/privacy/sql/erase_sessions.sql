-- Delete every video session of a person, and with each its windows.
-- Parameters: user_id (uuid), reason (text). Answers one row: how many sessions, how many windows.
WITH held AS (
    SELECT session.id, count(event.id) AS events
    FROM video_sessions AS session LEFT JOIN video_analysis_events AS event ON event.session_id = session.id
    WHERE session.user_id = :user_id GROUP BY session.id
), gone AS (
    DELETE FROM video_sessions USING held WHERE video_sessions.id = held.id RETURNING held.id, held.events
), noted AS (
    INSERT INTO audit_logs (action, resource_type, resource_id, metadata)
    SELECT 'video_session:erased', 'video_session', id::text,
           jsonb_build_object('events', events, 'reason', cast(:reason AS text))
    FROM gone RETURNING 1
)
SELECT (SELECT count(*) FROM noted) AS sessions, coalesce(sum(events), 0)::bigint AS events FROM gone
