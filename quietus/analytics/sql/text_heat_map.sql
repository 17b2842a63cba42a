-- title: Texts by hour of the week
-- question: On which days and at which hours were texts recorded, and how many of them as HIGH?
-- reading: Hours are those of the chosen time zone. A busy hour says when people write or sit before the camera, not
--     when they are worst off.
-- parameters: from to tz source model_version
-- column weekday: Day [weekday]
-- column hour: Hour [hour]
-- column counted: Texts [texts]
-- column high: High priority [texts]
-- column people: Fewest people behind a number [people]
-- keys: weekday hour
-- chart: heat hour weekday counted
WITH span AS (
    SELECT greatest(%(from)s, min(analyzed_at)) AS since, least(%(to)s, max(analyzed_at)) AS until FROM analysis_records
), cut AS MATERIALIZED (
    -- bins that never lie across an hour of the zone: an hour long, a quarter where its clocks change by half an hour
    SELECT date_trunc('hour', since, %(tz)s) AS origin, CASE WHEN EXISTS (
        SELECT FROM generate_series(since, until + interval '28 days', interval '28 days') AS day
        WHERE extract(minute FROM (day AT TIME ZONE %(tz)s) - (day AT TIME ZONE 'UTC'))
           <> extract(minute FROM (since AT TIME ZONE %(tz)s) - (since AT TIME ZONE 'UTC'))
    ) THEN interval '15 minutes' ELSE interval '1 hour' END AS width
    FROM span
), bins AS (
    SELECT n.bin, sum(n.counted) AS counted, sum(n.counted) FILTER (WHERE l.predicted_label = 'HIGH') AS high,
        min(n.people) AS people
    FROM cut AS c
    CROSS JOIN unnest(ARRAY['LOW', 'MODERATE', 'HIGH']) AS l (predicted_label)
    -- index-only on (predicted_label, analyzed_at) while no filter narrows; the zone is asked once for a bin, not for a row
    CROSS JOIN LATERAL (
        SELECT date_bin(c.width, r.analyzed_at, c.origin) AS bin, count(*) AS counted,
            CASE WHEN %(people)s THEN count(DISTINCT r.user_id) END AS people
        FROM analysis_records AS r
        WHERE r.predicted_label = l.predicted_label AND r.analyzed_at >= %(from)s AND r.analyzed_at < %(to)s
          AND (%(source)s::text IS NULL OR r.source = %(source)s::text)
          AND (%(model_version)s::text IS NULL OR r.model_version = %(model_version)s::text)
        GROUP BY 1
    ) AS n
    GROUP BY n.bin
), cells AS (
    SELECT extract(isodow FROM b.local)::int AS weekday, extract(hour FROM b.local)::int AS hour,
        sum(b.counted) AS counted, sum(b.high) AS high, min(b.people) AS people
    FROM (SELECT bin AT TIME ZONE %(tz)s AS local, counted, high, people FROM bins OFFSET 0) AS b
    GROUP BY 1, 2
)
SELECT d.weekday, t.hour, coalesce(c.counted, 0)::bigint AS counted, coalesce(c.high, 0)::bigint AS high, c.people
FROM generate_series(1, 7) AS d (weekday)
CROSS JOIN generate_series(0, 23) AS t (hour)
LEFT JOIN cells AS c ON c.weekday = d.weekday AND c.hour = t.hour
ORDER BY d.weekday, t.hour;
