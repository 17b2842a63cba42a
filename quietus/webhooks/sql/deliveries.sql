-- What was told to whom, newest first?
-- Parameters: failed_only (boolean); before_at (timestamptz), before_id (the place after the
-- last row of the page before; NULL: the first page); rows (at most).
-- `again`: it was given up, and nothing was noted about it since.
WITH noted AS (
    (SELECT * FROM audit_logs AS it
     WHERE it.action = 'webhook:failed'
       AND (CAST(:before_at AS timestamptz) IS NULL OR (it.created_at, it.id) < (:before_at, CAST(:before_id AS bigint)))
     ORDER BY it.created_at DESC, it.id DESC
     LIMIT :rows)
    UNION ALL
    (SELECT * FROM audit_logs AS it
     WHERE it.action = 'webhook:delivered' AND NOT :failed_only
       AND (CAST(:before_at AS timestamptz) IS NULL OR (it.created_at, it.id) < (:before_at, CAST(:before_id AS bigint)))
     ORDER BY it.created_at DESC, it.id DESC
     LIMIT :rows)
)
SELECT it.id, it.created_at, it.metadata ->> 'endpoint' AS endpoint, it.metadata ->> 'type' AS type,
       CAST(it.metadata ->> 'about' AS uuid) AS about, it.metadata ->> 'webhook_id' AS webhook_id,
       it.action = 'webhook:delivered' AS delivered, CAST(it.metadata ->> 'attempt' AS integer) AS attempt,
       CAST(it.metadata ->> 'status' AS integer) AS status, CAST(it.metadata ->> 'ms' AS integer) AS ms,
       it.metadata ->> 'reason' AS reason, coalesce(CAST(it.metadata ->> 'final' AS boolean), true) AS final,
       it.action = 'webhook:failed' AND CAST(it.metadata ->> 'final' AS boolean)
           AND it.metadata ->> 'about' IS NOT NULL AND NOT EXISTS (
               SELECT FROM audit_logs AS later
               WHERE later.resource_type = it.resource_type AND later.resource_id = it.resource_id
                 AND (later.created_at, later.id) > (it.created_at, it.id)) AS again
FROM noted AS it
ORDER BY it.created_at DESC, it.id DESC
LIMIT :rows
