-- Takes in events that are new, a row each.
COPY video_analysis_events
    (session_id, user_id, id, event_at, risk_level, confidence, signals, model_version, latency_ms)
FROM STDIN
