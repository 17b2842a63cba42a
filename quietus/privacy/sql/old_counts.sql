-- How many rows would retention delete now, but for the audit trail?
-- Parameters: texts, sessions, events (timestamptz: older than this goes; NULL keeps all). Units: rows.
SELECT
    (SELECT count(*) FROM analysis_records
      WHERE analyzed_at < cast(:texts AS timestamptz) AND predicted_label <> 'PENDING') AS texts,
    (SELECT count(*) FROM video_sessions
      WHERE status IN ('ENDED', 'ABANDONED') AND started_at < cast(:sessions AS timestamptz)
        AND coalesce(ended_at, started_at) < cast(:sessions AS timestamptz)) AS sessions,
    (SELECT count(*) FROM video_analysis_events WHERE event_at < cast(:events AS timestamptz)) AS events
