-- title: Texts by hour of the week
-- question: On which days and at which hours were texts recorded, and how many of them as HIGH?
-- reading: Hours are those of the chosen time zone. A busy hour says when people write or sit before the camera, not
--     when they are worst off. Zones whose clocks change by half an hour are off by it for half the year.
-- parameters: from to tz source model_version
-- column weekday: Day [weekday]
-- column hour: Hour [hour]
-- column counted: Texts [texts]
-- column high: High priority [texts]
-- column people: Fewest people behind a number [people]
-- keys: weekday hour
-- chart: heat hour weekday counted
WITH hours AS (
    SELECT greatest(hour, %(from)s) AS since, least(hour + interval '1 hour', %(to)s) AS until,
        extract(isodow FROM hour AT TIME ZONE %(tz)s)::int AS weekday,
        extract(hour FROM hour AT TIME ZONE %(tz)s)::int AS hour
    FROM (SELECT min(analyzed_at) AS first_at, max(analyzed_at) AS last_at FROM analysis_records) AS a
    -- no further than there are rows: a period of a century costs what they cost
    CROSS JOIN generate_series(
        date_trunc('hour', greatest(%(from)s, a.first_at), %(tz)s),
        least(%(to)s - interval '1 microsecond', a.last_at), interval '1 hour') AS hour
), counts AS (
    SELECT h.weekday, h.hour, l.predicted_label, n.counted, n.people
    FROM hours AS h
    CROSS JOIN unnest(ARRAY['LOW', 'MODERATE', 'HIGH']) AS l (predicted_label)
    -- one range count for each hour and label: cheaper than to place every row in its zone, and index-only on
    -- (predicted_label, analyzed_at) while no filter narrows
    CROSS JOIN LATERAL (
        SELECT count(*) AS counted, CASE WHEN %(people)s THEN count(DISTINCT r.user_id) END AS people
        FROM analysis_records AS r
        WHERE r.predicted_label = l.predicted_label AND r.analyzed_at >= h.since AND r.analyzed_at < h.until
          AND (%(source)s::text IS NULL OR r.source = %(source)s::text)
          AND (%(model_version)s::text IS NULL OR r.model_version = %(model_version)s::text)
    ) AS n
)
SELECT d.weekday, t.hour, coalesce(sum(c.counted), 0)::bigint AS counted,
    coalesce(sum(c.counted) FILTER (WHERE c.predicted_label = 'HIGH'), 0)::bigint AS high,
    min(nullif(c.people, 0)) AS people
FROM generate_series(1, 7) AS d (weekday)
CROSS JOIN generate_series(0, 23) AS t (hour)
LEFT JOIN counts AS c ON c.weekday = d.weekday AND c.hour = t.hour
GROUP BY d.weekday, t.hour
ORDER BY d.weekday, t.hour;
