-- Which acceptances may go, each with the erasure of the same text? Both or neither, so that the ledger stays even.
-- Parameters: before (timestamptz), batch (pairs; NULL for all).
WITH erased AS (
    SELECT resource_id FROM audit_logs
    WHERE action = 'analysis:erased' AND created_at < :before
    ORDER BY created_at LIMIT :batch
)
SELECT pair.id
FROM erased JOIN audit_logs AS pair
  ON pair.resource_type = 'analysis' AND pair.resource_id = erased.resource_id
 AND pair.action IN ('analysis:accepted', 'analysis:erased') AND pair.created_at < :before
