-- title: Video windows, row by row
-- question: Which windows of video sessions were given a review priority in this period, without names?
-- reading: One row for each window that was looked at; UNKNOWN means that nobody was seen. A priority is about one
--     window, never about a person, and LOW does not mean safe.
-- parameters: from to tz risk_level model_version client_platform session_type
-- column id: Id [id]
-- column session_id: Session [id]
-- column event_at: Seen [time]
-- column risk_level: Priority [label]
-- column confidence: Confidence [share]
-- column model_version: Model version [label]
-- column latency_ms: Delay [ms]
-- column session_type: Kind of session [label]
-- column client_platform: Platform [label]
-- column signals: Signals [text]
-- keys: id
-- chart: table
-- for: build_reports
SELECT e.id, e.session_id, e.event_at, e.risk_level, e.confidence, e.model_version, e.latency_ms, s.session_type,
    s.client_platform, e.signals::text AS signals
FROM video_analysis_events AS e
JOIN video_sessions AS s ON s.id = e.session_id
WHERE e.event_at >= %(from)s AND e.event_at < %(to)s
  AND (%(risk_level)s::text IS NULL OR e.risk_level = %(risk_level)s::text)
  AND (%(model_version)s::text IS NULL OR e.model_version = %(model_version)s::text)
  AND (%(client_platform)s::text IS NULL OR s.client_platform = %(client_platform)s::text)
  AND (%(session_type)s::text IS NULL OR s.session_type = %(session_type)s::text)
ORDER BY e.event_at, e.id
