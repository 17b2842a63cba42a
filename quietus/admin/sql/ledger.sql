-- Is every text that was ever accepted accounted for: recorded, failed, pending or erased, and once?
-- Parameters: none. Units: counts of texts; uneven_requests are request_ids, at most 1,000 of them.
-- One statement is one snapshot. Each text is met once in each of three scans and grouped by its id: no join order
-- to go wrong, however many there are.
WITH met AS (
    SELECT resource_id AS text_id, metadata->>'request_id' AS request_id, 1 AS accepted, 0 AS erased, NULL AS label
    FROM audit_logs WHERE action = 'analysis:accepted'
    UNION ALL
    SELECT resource_id, metadata->>'request_id', 0, 1, NULL
    FROM audit_logs WHERE action = 'analysis:erased'
    UNION ALL
    SELECT id::text, request_id::text, 0, 0, predicted_label
    FROM analysis_records
), texts AS (
    SELECT
        max(request_id) AS request_id,
        sum(accepted) AS accepted,
        sum(erased) AS erased,
        count(label) FILTER (WHERE label NOT IN ('PENDING', 'FAILED')) AS recorded,
        count(label) FILTER (WHERE label = 'FAILED') AS failed,
        count(label) FILTER (WHERE label = 'PENDING') AS pending
    FROM met GROUP BY text_id
)
SELECT
    coalesce(sum(accepted), 0)::bigint AS accepted,
    coalesce(sum(recorded), 0)::bigint AS recorded,
    coalesce(sum(failed), 0)::bigint AS failed,
    coalesce(sum(pending), 0)::bigint AS pending,
    coalesce(sum(erased), 0)::bigint AS erased,
    count(*) FILTER (WHERE accepted <> 1 OR recorded + failed + pending + erased <> 1) AS uneven,
    (array_agg(request_id) FILTER (WHERE accepted <> 1 OR recorded + failed + pending + erased <> 1))[1:1000]
        AS uneven_requests
FROM texts
