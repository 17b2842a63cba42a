-- Delete a batch of the texts whose outcome is older than the retention time; each leaves what keeps the ledger even.
-- Parameters: before (timestamptz), batch (rows). Answers one row: how many.
WITH old AS (
    SELECT id FROM analysis_records
    WHERE analyzed_at < :before AND predicted_label <> 'PENDING'
    ORDER BY analyzed_at LIMIT :batch FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM analysis_records USING old WHERE analysis_records.id = old.id
    RETURNING analysis_records.id, request_id, predicted_label
), noted AS (
    INSERT INTO audit_logs (action, resource_type, resource_id, metadata)
    SELECT 'analysis:erased', 'analysis', id::text,
           jsonb_build_object('request_id', request_id, 'predicted_label', predicted_label, 'reason', 'retention')
    FROM gone RETURNING 1
)
SELECT count(*) FROM noted
