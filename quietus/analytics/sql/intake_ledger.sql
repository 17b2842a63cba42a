-- title: Intake ledger
-- question: Is every text that was accepted in this period accounted for?
-- reading: Accepted is counted in the audit trail, the rest where the texts stand now. Unaccounted for must be 0: anything
--     else means that a text was lost.
-- parameters: from to tz
-- column accepted: Accepted [texts]
-- column recorded: Recorded [texts]
-- column failed: Could not be read [texts]
-- column pending: Waiting [texts]
-- column erased: Erased [texts]
-- column unaccounted: Unaccounted for [texts]
-- keys:
-- chart: tiles
WITH accepted AS (
    SELECT DISTINCT a.resource_id
    FROM audit_logs AS a
    WHERE a.action = 'analysis:accepted' AND a.created_at >= %(from)s AND a.created_at < %(to)s
      AND a.resource_type = 'analysis'
), states AS (
    SELECT a.resource_id, r.predicted_label, r.id IS NULL AND EXISTS (
        SELECT FROM audit_logs AS e
        WHERE e.resource_type = 'analysis' AND e.resource_id = a.resource_id AND e.action = 'analysis:erased') AS erased
    FROM accepted AS a
    LEFT JOIN analysis_records AS r ON r.id = a.resource_id::uuid
)
SELECT count(*) AS accepted,
    count(*) FILTER (WHERE predicted_label IN ('LOW', 'MODERATE', 'HIGH')) AS recorded,
    count(*) FILTER (WHERE predicted_label = 'FAILED') AS failed,
    count(*) FILTER (WHERE predicted_label = 'PENDING') AS pending,
    count(*) FILTER (WHERE erased) AS erased,
    count(*) FILTER (WHERE predicted_label IS NULL AND NOT erased) AS unaccounted
FROM states;
