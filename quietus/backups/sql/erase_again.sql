-- Delete the single texts and sessions that were deleted between the backup and its restore, as the audit trail that
-- was set aside tells, each with the row that keeps the ledger even. Parameters: none. Answers: texts, sessions.
WITH texts AS (
    DELETE FROM analysis_records USING before_restore.audit_logs AS told
    WHERE told.action = 'analysis:erased' AND told.resource_id = analysis_records.id::text
    RETURNING analysis_records.id, request_id, predicted_label
), noted_texts AS (
    INSERT INTO audit_logs (action, resource_type, resource_id, metadata)
    SELECT DISTINCT 'analysis:erased', 'analysis', id::text,
           jsonb_build_object('request_id', request_id, 'predicted_label', predicted_label, 'reason', 'erased again')
    FROM texts RETURNING 1
), held AS (
    SELECT session.id, count(event.id) AS events
    FROM video_sessions AS session LEFT JOIN video_analysis_events AS event ON event.session_id = session.id
    WHERE session.id::text IN (
        SELECT resource_id FROM before_restore.audit_logs WHERE action = 'video_session:erased')
    GROUP BY session.id
), sessions AS (
    DELETE FROM video_sessions USING held WHERE video_sessions.id = held.id RETURNING held.id, held.events
), noted_sessions AS (
    INSERT INTO audit_logs (action, resource_type, resource_id, metadata)
    SELECT 'video_session:erased', 'video_session', id::text,
           jsonb_build_object('events', events, 'reason', 'erased again')
    FROM sessions RETURNING 1
)
SELECT (SELECT count(*) FROM noted_texts) AS texts, (SELECT count(*) FROM noted_sessions) AS sessions
