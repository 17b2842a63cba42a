-- title: Windows by priority
-- question: How many video windows were given each review priority, and what share is that?
-- reading: A priority is about one window of a few seconds, never about a person, and LOW does not mean safe. UNKNOWN
--     means that nobody was seen; shares are of the windows in which somebody was.
-- parameters: from to tz model_version client_platform session_type
-- column risk_level: Priority [label]
-- column counted: Windows [windows]
-- column share: Share [share]
-- column share_from: Share, at least [share]
-- column share_to: Share, at most [share]
-- column people: Fewest people behind a number [people]
-- keys: risk_level
-- chart: bars risk_level counted
-- formula: share_from and share_to: Wilson's 95 % interval. E. B. Wilson (1927), Probable inference, the law of
--     succession, and statistical inference, JASA 22, 209-212.
WITH counts AS (
    SELECT l.risk_level, l.place, n.counted, n.people,
        sum(n.counted) FILTER (WHERE l.risk_level <> 'UNKNOWN') OVER () AS total
    FROM unnest(ARRAY['LOW', 'MODERATE', 'HIGH', 'UNKNOWN']) WITH ORDINALITY AS l (risk_level, place)
    -- one range count for each level: index-only on (risk_level, event_at) while no filter narrows
    CROSS JOIN LATERAL (
        SELECT count(*) AS counted, CASE WHEN %(people)s THEN count(DISTINCT e.user_id) END AS people
        FROM video_analysis_events AS e
        WHERE e.risk_level = l.risk_level AND e.event_at >= %(from)s AND e.event_at < %(to)s
          AND (%(model_version)s::text IS NULL OR e.model_version = %(model_version)s::text)
          AND ((%(client_platform)s::text IS NULL AND %(session_type)s::text IS NULL) OR e.session_id IN (
              SELECT s.id FROM video_sessions AS s
              WHERE (%(client_platform)s::text IS NULL OR s.client_platform = %(client_platform)s::text)
                AND (%(session_type)s::text IS NULL OR s.session_type = %(session_type)s::text)))
    ) AS n
)
SELECT c.risk_level, c.counted, CASE WHEN c.risk_level <> 'UNKNOWN' THEN coalesce(s.p, 0) END AS share,
    round(((s.p + s.zz / (2 * s.n) - sqrt(s.zz * (s.p * (1 - s.p) / s.n + s.zz / (4 * s.n * s.n)))) / (1 + s.zz / s.n))::numeric, 6)::float8
        AS share_from,
    round(((s.p + s.zz / (2 * s.n) + sqrt(s.zz * (s.p * (1 - s.p) / s.n + s.zz / (4 * s.n * s.n)))) / (1 + s.zz / s.n))::numeric, 6)::float8
        AS share_to,
    c.people
FROM counts AS c
CROSS JOIN LATERAL (
    SELECT t.n, c.counted / t.n AS p, 1.959964 ^ 2::float8 AS zz
    FROM (SELECT CASE WHEN c.risk_level <> 'UNKNOWN' THEN nullif(c.total, 0)::float8 END AS n) AS t
) AS s
ORDER BY c.place;
