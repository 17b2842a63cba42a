-- Which of these events are stored in this session with exactly this content?
-- Parameters: events (a JSON array of objects), session_id.
SELECT CAST(stored.id AS text)
FROM json_to_recordset(CAST(%(events)s AS json)) AS given (
    id uuid, event_at timestamptz, risk_level text, confidence numeric, signals jsonb, model_version text,
    latency_ms integer
)
JOIN video_analysis_events AS stored
  ON stored.id = given.id
 AND stored.session_id = %(session_id)s
 AND stored.event_at = given.event_at
 AND stored.risk_level = given.risk_level
 AND stored.confidence = given.confidence
 AND stored.signals = given.signals
 AND stored.model_version = given.model_version
 AND stored.latency_ms = given.latency_ms
