-- Which seals may go, and which notes of retention? Those of days before the oldest row that is left: so the chain
-- always begins at a seal, has no gap, and covers all there is.
-- Parameters: before (timestamptz).
WITH oldest AS (
    SELECT (created_at AT TIME ZONE 'UTC')::date::text AS day FROM audit_logs
    WHERE action NOT IN ('audit:sealed', 'retention:applied') ORDER BY created_at LIMIT 1
)
SELECT row.id
FROM audit_logs AS row, oldest
WHERE row.created_at < :before
  AND (row.action = 'audit:sealed' AND row.resource_id < oldest.day
    OR row.action = 'retention:applied' AND row.resource_type = 'audit' AND row.resource_id < oldest.day)
