-- Which LOW texts of one day join the queue, unmarked, so that misses are seen? Drawn at random; asked again, the
-- answer only fills up what is missing.
-- Parameters: "from", "to" (the day, half-open), wanted (texts a day).
WITH low AS (
    SELECT r.id, EXISTS (
        SELECT FROM audit_logs a
        WHERE a.resource_type = 'analysis' AND a.resource_id = r.id::text AND a.action = 'review:sampled') AS drawn
    FROM analysis_records r
    WHERE r.predicted_label = 'LOW' AND r.analyzed_at >= :from AND r.analyzed_at < :to
)
SELECT id FROM low
WHERE NOT drawn
ORDER BY random()
LIMIT greatest(0, :wanted - (SELECT count(*) FROM low WHERE drawn))
