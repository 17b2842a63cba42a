-- title: Windows by hour of the week
-- question: On which days and at which hours were windows recorded, and how many of them as HIGH?
-- reading: Hours are those of the chosen time zone. A busy hour says when people write or sit before the camera, not
--     when they are worst off. Zones whose clocks change by half an hour are off by it for half the year.
-- parameters: from to tz model_version client_platform session_type
-- column weekday: Day [weekday]
-- column hour: Hour [hour]
-- column counted: Windows with somebody [windows]
-- column high: High priority [windows]
-- column people: Fewest people behind a number [people]
-- keys: weekday hour
-- chart: heat hour weekday counted
WITH hours AS (
    SELECT greatest(hour, %(from)s) AS since, least(hour + interval '1 hour', %(to)s) AS until,
        extract(isodow FROM hour AT TIME ZONE %(tz)s)::int AS weekday,
        extract(hour FROM hour AT TIME ZONE %(tz)s)::int AS hour
    FROM (SELECT min(event_at) AS first_at, max(event_at) AS last_at FROM video_analysis_events) AS a
    -- no further than there are rows: a period of a century costs what they cost
    CROSS JOIN generate_series(
        date_trunc('hour', greatest(%(from)s, a.first_at), %(tz)s),
        least(%(to)s - interval '1 microsecond', a.last_at), interval '1 hour') AS hour
), counts AS (
    SELECT h.weekday, h.hour, l.risk_level, n.counted, n.people
    FROM hours AS h
    CROSS JOIN unnest(ARRAY['LOW', 'MODERATE', 'HIGH']) AS l (risk_level)
    -- one range count for each hour and label: cheaper than to place every row in its zone, and index-only on
    -- (risk_level, event_at) while no filter narrows
    CROSS JOIN LATERAL (
        SELECT count(*) AS counted, CASE WHEN %(people)s THEN count(DISTINCT r.user_id) END AS people
        FROM video_analysis_events AS r
        WHERE r.risk_level = l.risk_level AND r.event_at >= h.since AND r.event_at < h.until
          AND (%(model_version)s::text IS NULL OR r.model_version = %(model_version)s::text)
          AND ((%(client_platform)s::text IS NULL AND %(session_type)s::text IS NULL) OR r.session_id IN (
              SELECT s.id FROM video_sessions AS s
              WHERE (%(client_platform)s::text IS NULL OR s.client_platform = %(client_platform)s::text)
                AND (%(session_type)s::text IS NULL OR s.session_type = %(session_type)s::text)))
    ) AS n
)
SELECT d.weekday, t.hour, coalesce(sum(c.counted), 0)::bigint AS counted,
    coalesce(sum(c.counted) FILTER (WHERE c.risk_level = 'HIGH'), 0)::bigint AS high,
    min(nullif(c.people, 0)) AS people
FROM generate_series(1, 7) AS d (weekday)
CROSS JOIN generate_series(0, 23) AS t (hour)
LEFT JOIN counts AS c ON c.weekday = d.weekday AND c.hour = t.hour
GROUP BY d.weekday, t.hour
ORDER BY d.weekday, t.hour;
