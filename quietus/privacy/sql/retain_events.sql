-- Delete a batch of the windows of video sessions that are older than the retention time; the sessions stay.
-- Parameters: before (timestamptz), batch (rows). Answers one row: how many.
WITH old AS (
    SELECT id FROM video_analysis_events WHERE event_at < :before
    ORDER BY event_at LIMIT :batch FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM video_analysis_events USING old WHERE video_analysis_events.id = old.id RETURNING 1
), noted AS (
    INSERT INTO audit_logs (action, resource_type, metadata)
    SELECT 'retention:applied', 'video_session', jsonb_build_object('kind', 'events', 'rows', count(*))
    FROM gone HAVING count(*) > 0 RETURNING 1
)
SELECT count(*) FROM gone
