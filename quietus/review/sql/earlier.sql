-- What else has this person sent, newest first, and what did people decide about it?
-- Parameters: subject, kind and id (the item that is open, left out), before_at and before_id (the last row of the
-- page before), "limit". The program's own priority is left out: some of these may wait in the queue, unmarked.
SELECT item.kind, item.id, item.at, item.text, newest.metadata->>'outcome' AS outcome,
       newest.metadata->>'human_label' AS human_label
FROM (
    (SELECT 'analysis' AS kind, 'analysis' AS resource_type, id, analyzed_at AS at, input_text AS text
     FROM analysis_records
     WHERE user_id = :subject AND predicted_label <> 'PENDING' AND (analyzed_at, id) < (:before_at, :before_id)
       AND NOT (:kind = 'analysis' AND id = :id)
     ORDER BY analyzed_at DESC, id DESC LIMIT :limit)
    UNION ALL
    (SELECT 'session', 'video_session', id, started_at, NULL
     FROM video_sessions
     WHERE user_id = :subject AND (started_at, id) < (:before_at, :before_id) AND NOT (:kind = 'session' AND id = :id)
     ORDER BY started_at DESC, id DESC LIMIT :limit)
) item
LEFT JOIN LATERAL (
    SELECT action, metadata FROM audit_logs l
    WHERE l.resource_type = item.resource_type AND l.resource_id = item.id::text
      AND l.action IN ('review:decided', 'review:undone')
    ORDER BY l.id DESC LIMIT 1) newest ON newest.action = 'review:decided'
ORDER BY item.at DESC, item.id DESC
LIMIT :limit
