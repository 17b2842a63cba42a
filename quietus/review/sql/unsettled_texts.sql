-- Which texts of one label, among the next :walk and those that remained, still have no decision that lasts?
-- Parameters: label; "before" and remaining (the mark, review/marks.py); "until" (walk no further);
-- undo_before (a decision newer than this may still be undone); walk, cap.
-- One row at least: `end` is how far the walk went, over `walked` rows; `ids` and `times` the unsettled ones below it, oldest first.
WITH walk AS (
    SELECT least(CAST(:until AS timestamptz), (
        SELECT analyzed_at FROM analysis_records
        WHERE predicted_label = :label AND analyzed_at >= CAST(:before AS timestamptz)
        ORDER BY analyzed_at OFFSET :walk LIMIT 1)) AS "end"
),
unsettled AS (
    SELECT r.id, r.analyzed_at
    FROM (
        SELECT id, analyzed_at FROM analysis_records
        WHERE predicted_label = :label AND analyzed_at >= CAST(:before AS timestamptz) AND analyzed_at < (SELECT "end" FROM walk)
        UNION ALL
        SELECT id, analyzed_at FROM analysis_records
        WHERE id = ANY(CAST(:remaining AS uuid[])) AND predicted_label = :label AND analyzed_at < CAST(:before AS timestamptz)
    ) r
    LEFT JOIN LATERAL (
        SELECT action, metadata, created_at FROM audit_logs l
        WHERE l.resource_type = 'analysis' AND l.resource_id = r.id::text
          AND l.action IN ('review:claimed', 'review:released', 'review:decided', 'review:undone')
        ORDER BY l.id DESC LIMIT 1) newest ON true
    WHERE newest.action IS DISTINCT FROM 'review:decided'
       OR newest.metadata->>'outcome' = 'NEEDS_SECOND_READER' OR newest.created_at >= :undo_before
    ORDER BY r.analyzed_at, r.id
    LIMIT :cap + 1
)
SELECT walk."end",
       (SELECT count(*) FROM analysis_records
        WHERE predicted_label = :label AND analyzed_at >= CAST(:before AS timestamptz) AND analyzed_at < walk."end") AS walked,
       array_agg(u.id ORDER BY u.analyzed_at, u.id) FILTER (WHERE u.id IS NOT NULL) AS ids,
       array_agg(u.analyzed_at ORDER BY u.analyzed_at, u.id) FILTER (WHERE u.id IS NOT NULL) AS times
FROM walk LEFT JOIN unsettled u ON true
GROUP BY walk."end"
