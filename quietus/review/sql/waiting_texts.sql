-- Which texts of one place in the queue wait for this reader, oldest first?
-- Parameters: label (HIGH for the place FIRST, MODERATE for NEXT), reader, now, sampled_since, after_since and
-- after_id (the last row of the page before), "limit"; before and remaining (the label's mark: what lies before it is
-- decided about, except for what remained (review/marks.py), so that old decisions are not walked again).
-- The newest review row about an item says how it stands (review/standing.py).
WITH
-- in the order of the index (predicted_label, analyzed_at), so that the walk ends with the page
texts AS (
    SELECT r.id, r.analyzed_at AS since, newest.action, newest.user_id, newest.metadata
    FROM analysis_records r
    LEFT JOIN LATERAL (
        SELECT action, user_id, metadata FROM audit_logs l
        WHERE l.resource_type = 'analysis' AND l.resource_id = r.id::text
          AND l.action IN ('review:claimed', 'review:released', 'review:decided', 'review:undone')
        ORDER BY l.id DESC LIMIT 1) newest ON true
    WHERE r.predicted_label = :label AND r.user_id <> :reader
      AND r.analyzed_at >= greatest(CAST(:before AS timestamptz), :after_since)
      AND (r.analyzed_at > :after_since OR r.id > :after_id)
      AND (newest.action IS DISTINCT FROM 'review:decided' OR newest.metadata->>'outcome' = 'NEEDS_SECOND_READER')
      AND newest.metadata->>'first_reader' IS DISTINCT FROM CAST(:reader AS text)
    ORDER BY r.analyzed_at, r.id
    LIMIT :limit
),
-- what remained behind the mark, and for NEXT the samples of LOW
named AS (
    SELECT r.id, r.analyzed_at AS since, newest.action, newest.user_id, newest.metadata
    FROM (
        SELECT unnest(CAST(:remaining AS uuid[])) AS id
        UNION
        SELECT resource_id::uuid FROM audit_logs
        WHERE :label = 'MODERATE' AND action = 'review:sampled' AND created_at >= :sampled_since
    ) n
    JOIN analysis_records r ON r.id = n.id
    LEFT JOIN LATERAL (
        SELECT action, user_id, metadata FROM audit_logs l
        WHERE l.resource_type = 'analysis' AND l.resource_id = n.id::text
          AND l.action IN ('review:claimed', 'review:released', 'review:decided', 'review:undone')
        ORDER BY l.id DESC LIMIT 1) newest ON true
    WHERE r.user_id <> :reader AND (r.analyzed_at, r.id) > (:after_since, :after_id)
      AND (r.predicted_label = 'LOW'
           OR (r.predicted_label = :label AND r.analyzed_at < :before))
      AND (newest.action IS DISTINCT FROM 'review:decided' OR newest.metadata->>'outcome' = 'NEEDS_SECOND_READER')
      AND newest.metadata->>'first_reader' IS DISTINCT FROM CAST(:reader AS text)
)
SELECT id, since, NULL::bigint AS windows,
       CASE WHEN action = 'review:decided' THEN 2 ELSE coalesce((metadata->>'reading')::int, 1) END AS reading,
       CASE WHEN action = 'review:claimed' AND (metadata->>'until')::timestamptz > :now THEN user_id END AS held_by,
       CASE WHEN action = 'review:claimed' AND (metadata->>'until')::timestamptz > :now
            THEN (metadata->>'until')::timestamptz END AS held_until
FROM (SELECT * FROM texts UNION ALL SELECT * FROM named) item
ORDER BY since, id
LIMIT :limit
