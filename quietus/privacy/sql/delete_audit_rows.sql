-- Delete these audit rows, and note for each of their days how many went: `audit verify` counts by it.
-- Parameters: ids (bigint[]). Answers nothing. Needs the owner of the table and quietus.retention = on.
WITH gone AS (
    DELETE FROM audit_logs WHERE id = ANY(:ids) RETURNING (created_at AT TIME ZONE 'UTC')::date AS day
)
INSERT INTO audit_logs (action, resource_type, resource_id, metadata)
SELECT 'retention:applied', 'audit', day::text, jsonb_build_object('day', day, 'rows', count(*))
FROM gone GROUP BY day
