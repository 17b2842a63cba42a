-- Which messages of one endpoint are to be sent now? What was waiting longest comes first.
-- Parameters: endpoint (text); actions (text[]: what it is told of); since (timestamptz: what happened before is
-- settled); asked_since (timestamptz: how long an admin's "send again" counts); now (timestamptz);
-- first_pause, longest_pause (seconds: each pause is four times the one before it); batch (rows).
-- What was erased meanwhile is not told of. `attempts` were made since somebody last asked for it to be sent again.
WITH happened AS (
    SELECT it.action, it.resource_id, it.created_at
    FROM audit_logs AS it
    WHERE it.action = ANY(:actions) AND it.created_at >= :since
    UNION
    SELECT it.action, it.resource_id, it.created_at
    FROM audit_logs AS asked
    JOIN audit_logs AS it
      ON it.resource_type IN ('analysis', 'video_session') AND it.resource_id = asked.metadata ->> 'about'
    WHERE asked.action = 'webhook:retried' AND asked.created_at >= :asked_since
      AND asked.metadata ->> 'endpoint' = :endpoint AND it.action = ANY(:actions)
)
SELECT it.action, CAST(it.resource_id AS uuid) AS id, it.created_at AS happened_at,
       CASE WHEN last.action = 'webhook:failed' THEN CAST(last.metadata ->> 'attempt' AS integer) ELSE 0 END AS attempts,
       coalesce(last.action = 'webhook:retried', false) AS asked_for,
       text.request_id, text.predicted_label, text.confidence, text.model_version, text.submitted_at, text.analyzed_at,
       session.status, session.started_at, session.ended_at
FROM happened AS it
LEFT JOIN LATERAL (
    SELECT said.action, said.metadata, said.created_at
    FROM audit_logs AS said
    WHERE said.resource_type = 'webhook' AND said.resource_id = :endpoint || ':' || it.resource_id
    ORDER BY said.created_at DESC, said.id DESC
    LIMIT 1
) AS last ON true
LEFT JOIN analysis_records AS text
  ON it.action = 'analysis:recorded' AND text.id = CAST(it.resource_id AS uuid)
LEFT JOIN video_sessions AS session
  ON it.action = 'video_session:ended' AND session.id = CAST(it.resource_id AS uuid)
WHERE (text.id IS NOT NULL OR session.id IS NOT NULL)
  AND (last.action IS NULL OR last.action = 'webhook:retried'
       OR (last.action = 'webhook:failed' AND NOT CAST(last.metadata ->> 'final' AS boolean)
           AND last.created_at + make_interval(secs => LEAST(
                   CAST(:longest_pause AS double precision),
                   :first_pause * power(4, CAST(last.metadata ->> 'attempt' AS integer) - 1))) <= :now))
ORDER BY it.created_at
LIMIT :batch
