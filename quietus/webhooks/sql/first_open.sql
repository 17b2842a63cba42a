-- When did the oldest thing happen that one endpoint has neither been told of nor been given up on? NULL: none is open.
-- Parameters: endpoint (text); actions (text[]); since (timestamptz: what happened before is settled).
SELECT min(it.created_at)
FROM audit_logs AS it
LEFT JOIN LATERAL (
    SELECT said.action, said.metadata
    FROM audit_logs AS said
    WHERE said.resource_type = 'webhook' AND said.resource_id = :endpoint || ':' || it.resource_id
    ORDER BY said.created_at DESC, said.id DESC
    LIMIT 1
) AS last ON true
WHERE it.action = ANY(:actions) AND it.created_at >= :since
  AND (last.action IS NULL OR last.action = 'webhook:retried'
       OR (last.action = 'webhook:failed' AND NOT CAST(last.metadata ->> 'final' AS boolean)))
  AND (EXISTS (SELECT FROM analysis_records AS text
               WHERE it.action = 'analysis:recorded' AND text.id = CAST(it.resource_id AS uuid))
       OR EXISTS (SELECT FROM video_sessions AS session
                  WHERE it.action = 'video_session:ended' AND session.id = CAST(it.resource_id AS uuid)))
