-- Delete every text of a person; each leaves the row that keeps the ledger even, without text or person.
-- Parameters: user_id (uuid), reason (text). Answers one row: how many.
WITH gone AS (
    DELETE FROM analysis_records WHERE user_id = :user_id RETURNING id, request_id, predicted_label
), noted AS (
    INSERT INTO audit_logs (action, resource_type, resource_id, metadata)
    SELECT 'analysis:erased', 'analysis', id::text, jsonb_build_object(
        'request_id', request_id, 'predicted_label', predicted_label, 'reason', cast(:reason AS text))
    FROM gone RETURNING 1
)
SELECT count(*) FROM noted
