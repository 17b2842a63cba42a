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
WITH stood AS (
    SELECT r.predicted_label,
        -- asked only of those that have no row; whenever it was: a text is erased after it was accepted
        r.predicted_label IS NULL AND a.resource_id IN (
            SELECT e.resource_id FROM audit_logs AS e
            WHERE e.action = 'analysis:erased' AND e.created_at >= %(from)s AND e.resource_type = 'analysis'
        ) AS erased,
        count(*) AS texts
    FROM audit_logs AS a
    -- no text has its outcome before it was accepted; the day is for clocks that differ
    LEFT JOIN analysis_records AS r ON r.id = a.resource_id::uuid AND r.analyzed_at >= %(from)s - interval '1 day'
    WHERE a.action = 'analysis:accepted' AND a.created_at >= %(from)s AND a.created_at < %(to)s
      AND a.resource_type = 'analysis'
    GROUP BY 1, 2
)
SELECT coalesce(sum(texts), 0)::bigint AS accepted,
    coalesce(sum(texts) FILTER (WHERE predicted_label IN ('LOW', 'MODERATE', 'HIGH')), 0)::bigint AS recorded,
    coalesce(sum(texts) FILTER (WHERE predicted_label = 'FAILED'), 0)::bigint AS failed,
    coalesce(sum(texts) FILTER (WHERE predicted_label = 'PENDING'), 0)::bigint AS pending,
    coalesce(sum(texts) FILTER (WHERE predicted_label IS NULL AND erased), 0)::bigint AS erased,
    coalesce(sum(texts) FILTER (WHERE predicted_label IS NULL AND erased IS NOT TRUE), 0)::bigint AS unaccounted
FROM stood;
