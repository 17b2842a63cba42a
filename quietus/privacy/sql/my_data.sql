-- How much does the desk hold about a person?
-- Parameters: user_id (uuid). Units: counts of rows.
SELECT
    (SELECT count(*) FROM analysis_records WHERE user_id = :user_id) AS texts,
    (SELECT count(*) FROM video_sessions WHERE user_id = :user_id) AS sessions,
    (SELECT count(*) FROM video_analysis_events AS event
       JOIN video_sessions AS session ON session.id = event.session_id
      WHERE session.user_id = :user_id) AS events,
    (SELECT count(*) FROM audit_logs WHERE user_id = :user_id) AS acts,
    (SELECT created_at FROM users WHERE id = :user_id) AS since
