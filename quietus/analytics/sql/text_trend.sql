-- title: Texts over time
-- question: How many texts were given each review priority, step by step?
-- reading: Steps begin in the chosen time zone and are right where clocks change. A step without texts is there with
--     zeros; the first and the last may be cut by the period.
-- parameters: from to tz granularity predicted_label source model_version
-- column bucket: Step [time]
-- column counted: Texts [texts]
-- column low: Low priority [texts]
-- column moderate: Moderate priority [texts]
-- column high: High priority [texts]
-- column high_share: Share of HIGH [share]
-- column people: Fewest people behind a number [people]
-- keys: bucket
-- chart: stacked bucket high moderate low
WITH buckets AS (
    -- days and longer are counted on the local calendar, hours as they pass: an hour that comes twice is two steps
    SELECT local AT TIME ZONE %(tz)s AS since, (local + step) AT TIME ZONE %(tz)s AS until
    FROM CAST('1 ' || %(granularity)s AS interval) AS step
    CROSS JOIN generate_series(
        date_trunc(%(granularity)s, %(from)s AT TIME ZONE %(tz)s),
        (%(to)s AT TIME ZONE %(tz)s) - interval '1 microsecond', step) AS local
    WHERE %(granularity)s <> 'hour'
    UNION ALL
    SELECT hour, hour + interval '1 hour'
    FROM generate_series(
        date_trunc('hour', %(from)s, %(tz)s), %(to)s - interval '1 microsecond', interval '1 hour') AS hour
    WHERE %(granularity)s = 'hour'
), counts AS (
    SELECT b.since AS bucket, l.predicted_label, n.counted, n.people
    FROM buckets AS b
    CROSS JOIN unnest(ARRAY['LOW', 'MODERATE', 'HIGH']) AS l (predicted_label)
    -- one range count for each step and label: index-only on (predicted_label, analyzed_at) while no filter narrows
    CROSS JOIN LATERAL (
        SELECT count(*) AS counted, CASE WHEN %(people)s THEN count(DISTINCT r.user_id) END AS people
        FROM analysis_records AS r
        WHERE r.predicted_label = l.predicted_label
          AND r.analyzed_at >= greatest(b.since, %(from)s) AND r.analyzed_at < least(b.until, %(to)s)
          AND (%(source)s::text IS NULL OR r.source = %(source)s::text)
          AND (%(model_version)s::text IS NULL OR r.model_version = %(model_version)s::text)
    ) AS n
    WHERE %(predicted_label)s::text IS NULL OR l.predicted_label = %(predicted_label)s::text
)
SELECT bucket,
    sum(counted)::bigint AS counted,
    coalesce(sum(counted) FILTER (WHERE predicted_label = 'LOW'), 0)::bigint AS low,
    coalesce(sum(counted) FILTER (WHERE predicted_label = 'MODERATE'), 0)::bigint AS moderate,
    coalesce(sum(counted) FILTER (WHERE predicted_label = 'HIGH'), 0)::bigint AS high,
    coalesce(sum(counted) FILTER (WHERE predicted_label = 'HIGH') / nullif(sum(counted), 0), 0)::float8 AS high_share,
    min(nullif(people, 0)) AS people
FROM counts
GROUP BY bucket
ORDER BY bucket;
