-- title: One person's file
-- question: Which texts and sessions of this person were there, when, with which priority, and what did a person say?
-- reading: A list of what happened, no score of a person: priorities belong to texts and windows. It holds no text. That
--     you opened it is written to the audit trail.
-- parameters: from to tz subject_id!
-- column at: When [time]
-- column kind: What [label]
-- column id: Its id [id]
-- column predicted_label: Priority of the text [label]
-- column confidence: Confidence [confidence]
-- column model_version: Model version [version]
-- column windows: Windows with somebody [windows]
-- column windows_high: HIGH windows [windows]
-- column human_label: A person's answer [label]
-- keys: at kind id
-- chart: table
-- for: read_text search_audit
WITH items AS (
    SELECT r.analyzed_at AS at, 'text' AS kind, 'analysis' AS resource_type, r.id, r.predicted_label,
        r.confidence::float8 AS confidence, r.model_version, NULL::bigint AS windows, NULL::bigint AS windows_high
    FROM analysis_records AS r
    WHERE r.user_id = %(subject_id)s AND r.analyzed_at >= %(from)s AND r.analyzed_at < %(to)s
    UNION ALL
    SELECT s.started_at, 'session', 'video_session', s.id, NULL, NULL, NULL, w.windows, w.windows_high
    FROM video_sessions AS s
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE e.risk_level <> 'UNKNOWN') AS windows,
            count(*) FILTER (WHERE e.risk_level = 'HIGH') AS windows_high
        FROM video_analysis_events AS e WHERE e.session_id = s.id
    ) AS w
    WHERE s.user_id = %(subject_id)s AND s.started_at >= %(from)s AND s.started_at < %(to)s
)
SELECT i.at, i.kind, i.id, i.predicted_label, i.confidence, i.model_version, i.windows, i.windows_high, d.human_label
FROM items AS i
LEFT JOIN LATERAL (
    SELECT d.metadata->>'human_label' AS human_label
    FROM audit_logs AS d
    WHERE d.resource_type = i.resource_type AND d.resource_id = i.id::text AND d.action = 'review:decided'
      AND NOT EXISTS (
          SELECT FROM audit_logs AS u
          WHERE u.resource_type = d.resource_type AND u.resource_id = d.resource_id AND u.action = 'review:undone'
            AND u.metadata->>'decision' = d.id::text)
    ORDER BY (d.metadata->>'reading')::int DESC, d.created_at DESC, d.id DESC
    LIMIT 1
) AS d ON true
ORDER BY i.at DESC, i.id;
