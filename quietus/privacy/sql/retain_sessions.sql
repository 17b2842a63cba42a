-- Delete a batch of the video sessions that ended longer ago than the retention time, each with its windows.
-- Parameters: before (timestamptz), batch (rows). Answers one row: how many.
WITH old AS (
    SELECT id FROM video_sessions
    WHERE status IN ('ENDED', 'ABANDONED') AND started_at < :before AND coalesce(ended_at, started_at) < :before
    ORDER BY started_at LIMIT :batch FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM video_sessions USING old WHERE video_sessions.id = old.id RETURNING video_sessions.id
), noted AS (
    INSERT INTO audit_logs (action, resource_type, resource_id, metadata)
    SELECT 'video_session:erased', 'video_session', id::text, jsonb_build_object('reason', 'retention')
    FROM gone RETURNING 1
)
SELECT count(*) FROM noted
