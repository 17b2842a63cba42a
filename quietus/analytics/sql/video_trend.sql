-- title: Windows over time
-- question: How many video windows were given each review priority, step by step?
-- reading: Steps begin in the chosen time zone and are right where clocks change. A step without windows is there with
--     zeros; the first and the last may be cut by the period. The share leaves out windows in which nobody was seen.
-- parameters: from to tz granularity risk_level model_version client_platform session_type
-- column bucket: Step [time]
-- column counted: Windows with somebody [windows]
-- column low: Low priority [windows]
-- column moderate: Moderate priority [windows]
-- column high: High priority [windows]
-- column unknown: Nobody seen [windows]
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
    SELECT b.since AS bucket, l.risk_level, n.counted, n.people
    FROM buckets AS b
    CROSS JOIN unnest(ARRAY['LOW', 'MODERATE', 'HIGH', 'UNKNOWN']) AS l (risk_level)
    -- one range count for each step and level: index-only on (risk_level, event_at) while no filter narrows
    CROSS JOIN LATERAL (
        SELECT count(*) AS counted, CASE WHEN %(people)s THEN count(DISTINCT e.user_id) END AS people
        FROM video_analysis_events AS e
        WHERE e.risk_level = l.risk_level
          AND e.event_at >= greatest(b.since, %(from)s) AND e.event_at < least(b.until, %(to)s)
          AND (%(model_version)s::text IS NULL OR e.model_version = %(model_version)s::text)
          AND ((%(client_platform)s::text IS NULL AND %(session_type)s::text IS NULL) OR e.session_id IN (
              SELECT s.id FROM video_sessions AS s
              WHERE (%(client_platform)s::text IS NULL OR s.client_platform = %(client_platform)s::text)
                AND (%(session_type)s::text IS NULL OR s.session_type = %(session_type)s::text)))
    ) AS n
    WHERE %(risk_level)s::text IS NULL OR l.risk_level = %(risk_level)s::text
)
SELECT bucket,
    coalesce(sum(counted) FILTER (WHERE risk_level <> 'UNKNOWN'), 0)::bigint AS counted,
    coalesce(sum(counted) FILTER (WHERE risk_level = 'LOW'), 0)::bigint AS low,
    coalesce(sum(counted) FILTER (WHERE risk_level = 'MODERATE'), 0)::bigint AS moderate,
    coalesce(sum(counted) FILTER (WHERE risk_level = 'HIGH'), 0)::bigint AS high,
    coalesce(sum(counted) FILTER (WHERE risk_level = 'UNKNOWN'), 0)::bigint AS unknown,
    coalesce(sum(counted) FILTER (WHERE risk_level = 'HIGH')
        / nullif(sum(counted) FILTER (WHERE risk_level <> 'UNKNOWN'), 0), 0)::float8 AS high_share,
    min(nullif(people, 0)) AS people
FROM counts
GROUP BY bucket
ORDER BY bucket;
