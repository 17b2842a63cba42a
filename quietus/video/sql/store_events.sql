-- Stores the events of one session that are new; those whose id is there already are left as they are.
-- Parameters: events (a JSON array of objects), session_id, user_id.
-- In the order of their ids, so that two batches which share ids wait for each other instead of deadlocking.
INSERT INTO video_analysis_events
    (id, session_id, user_id, event_at, risk_level, confidence, signals, model_version, latency_ms)
SELECT id, %(session_id)s, %(user_id)s, event_at, risk_level, confidence, signals, model_version, latency_ms
FROM json_to_recordset(CAST(%(events)s AS json)) AS given (
    id uuid, event_at timestamptz, risk_level text, confidence numeric, signals jsonb, model_version text,
    latency_ms integer
)
ORDER BY id
ON CONFLICT (id) DO NOTHING
