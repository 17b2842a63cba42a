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
    SELECT a.resource_id, r.predicted_label
    FROM audit_logs AS a
    -- no text has its outcome before it was accepted; the day is for clocks that differ
    LEFT JOIN analysis_records AS r ON r.id = a.resource_id::uuid AND r.analyzed_at >= %(from)s - interval '1 day'
    WHERE a.action = 'analysis:accepted' AND a.created_at >= %(from)s AND a.created_at < %(to)s
      AND a.resource_type = 'analysis'
), erased AS (
    -- whenever that was: a text is erased after it was accepted
    SELECT DISTINCT e.resource_id FROM audit_logs AS e
    WHERE e.action = 'analysis:erased' AND e.created_at >= %(from)s AND e.resource_type = 'analysis'
)
SELECT count(*) AS accepted,
    count(*) FILTER (WHERE a.predicted_label IN ('LOW', 'MODERATE', 'HIGH')) AS recorded,
    count(*) FILTER (WHERE a.predicted_label = 'FAILED') AS failed,
    count(*) FILTER (WHERE a.predicted_label = 'PENDING') AS pending,
    count(*) FILTER (WHERE a.predicted_label IS NULL AND e.resource_id IS NOT NULL) AS erased,
    count(*) FILTER (WHERE a.predicted_label IS NULL AND e.resource_id IS NULL) AS unaccounted
FROM accepted AS a
LEFT JOIN erased AS e ON e.resource_id = a.resource_id;
