-- title: First and second readings
-- question: Where two people read the same item, which priorities did the first and the second give it?
-- reading: Items on which both agree stand where the row and the column have the same name.
-- parameters: from to tz resource_type
-- column first_label: First reading [label]
-- column second_low: Second: low [reviews]
-- column second_moderate: Second: moderate [reviews]
-- column second_high: Second: high [reviews]
-- column people: Fewest people behind a number [people]
-- keys: first_label
-- chart: bars first_label second_high second_moderate second_low
WITH undone AS (
    SELECT u.metadata->>'decision' AS decision
    FROM audit_logs AS u
    WHERE u.action = 'review:undone' AND u.created_at >= %(from)s
), decisions AS (
    -- the newest decision of each reading that was not undone
    SELECT DISTINCT ON (d.resource_type, d.resource_id, d.metadata->>'reading')
        d.resource_type, d.resource_id, (d.metadata->>'reading')::int AS reading, d.metadata->>'human_label' AS human_label,
        d.metadata->>'predicted_label' AS predicted_label, (d.metadata->>'confidence')::float8 AS confidence,
        d.metadata->>'model_version' AS model_version, d.metadata->>'reason' AS reason,
        d.metadata->>'subject_id' AS subject_id
    FROM audit_logs AS d
    WHERE d.action = 'review:decided' AND d.created_at >= %(from)s AND d.created_at < %(to)s
      AND d.resource_type IN ('analysis', 'video_session')
      AND (%(resource_type)s::text IS NULL OR d.resource_type = %(resource_type)s::text)
      AND NOT EXISTS (SELECT FROM undone AS u WHERE u.decision = d.id::text)
    ORDER BY d.resource_type, d.resource_id, d.metadata->>'reading', d.created_at DESC, d.id DESC
), pairs AS (
    SELECT resource_type, max(human_label) FILTER (WHERE reading = 1) AS first_label,
        max(human_label) FILTER (WHERE reading = 2) AS second_label, max(subject_id) AS subject_id
    FROM decisions
    WHERE human_label IN ('LOW', 'MODERATE', 'HIGH')
    GROUP BY resource_type, resource_id
    HAVING count(DISTINCT reading) = 2
), counts AS (
    SELECT first_label, second_label, count(*) AS counted, count(DISTINCT subject_id) AS people
    FROM pairs
    GROUP BY first_label, second_label
)
SELECT l.first_label,
    coalesce(sum(c.counted) FILTER (WHERE c.second_label = 'LOW'), 0)::bigint AS second_low,
    coalesce(sum(c.counted) FILTER (WHERE c.second_label = 'MODERATE'), 0)::bigint AS second_moderate,
    coalesce(sum(c.counted) FILTER (WHERE c.second_label = 'HIGH'), 0)::bigint AS second_high,
    CASE WHEN %(people)s THEN min(c.people) END AS people
FROM unnest(ARRAY['LOW', 'MODERATE', 'HIGH']) WITH ORDINALITY AS l (first_label, place)
LEFT JOIN counts AS c ON c.first_label = l.first_label
GROUP BY l.first_label, l.place
ORDER BY l.place;
