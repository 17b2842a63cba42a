-- title: Windows by platform and kind of session
-- question: On which platforms and in which kinds of session were windows recorded, and how do their priorities differ?
-- reading: Cameras, rooms and light differ between platforms: compare with care. Windows in which nobody was seen are
--     counted apart and enter no share.
-- parameters: from to tz model_version client_platform session_type
-- column client_platform: Platform [label]
-- column session_type: Kind of session [label]
-- column counted: Windows with somebody [windows]
-- column low: Low priority [windows]
-- column moderate: Moderate priority [windows]
-- column high: High priority [windows]
-- column unknown: Nobody seen [windows]
-- column high_share: Share of HIGH [share]
-- column high_share_from: Share, at least [share]
-- column high_share_to: Share, at most [share]
-- column people: Fewest people behind a number [people]
-- keys: client_platform session_type
-- chart: table
-- formula: high_share_from and high_share_to: Wilson's 95 % interval. E. B. Wilson (1927), Probable inference, the law
--     of succession, and statistical inference, JASA 22, 209-212.
WITH by_session AS (
    SELECT e.session_id, e.risk_level, count(*) AS counted
    FROM video_analysis_events AS e
    WHERE e.event_at >= %(from)s AND e.event_at < %(to)s
      AND (%(model_version)s::text IS NULL OR e.model_version = %(model_version)s::text)
    GROUP BY e.session_id, e.risk_level
), counts AS (
    SELECT s.client_platform, s.session_type, b.risk_level, sum(b.counted) AS counted,
        CASE WHEN %(people)s THEN count(DISTINCT s.user_id) END AS people
    FROM by_session AS b
    JOIN video_sessions AS s ON s.id = b.session_id
    WHERE (%(client_platform)s::text IS NULL OR s.client_platform = %(client_platform)s::text)
      AND (%(session_type)s::text IS NULL OR s.session_type = %(session_type)s::text)
    GROUP BY s.client_platform, s.session_type, b.risk_level
), sums AS (
    SELECT client_platform, session_type,
        coalesce(sum(counted) FILTER (WHERE risk_level <> 'UNKNOWN'), 0)::bigint AS counted,
        coalesce(sum(counted) FILTER (WHERE risk_level = 'LOW'), 0)::bigint AS low,
        coalesce(sum(counted) FILTER (WHERE risk_level = 'MODERATE'), 0)::bigint AS moderate,
        coalesce(sum(counted) FILTER (WHERE risk_level = 'HIGH'), 0)::bigint AS high,
        coalesce(sum(counted) FILTER (WHERE risk_level = 'UNKNOWN'), 0)::bigint AS unknown,
        min(people) AS people
    FROM counts
    GROUP BY client_platform, session_type
)
SELECT c.client_platform, c.session_type, c.counted, c.low, c.moderate, c.high, c.unknown, coalesce(s.p, 0) AS high_share,
    round(((s.p + s.zz / (2 * s.n) - sqrt(s.zz * (s.p * (1 - s.p) / s.n + s.zz / (4 * s.n * s.n)))) / (1 + s.zz / s.n))::numeric, 6)::float8
        AS high_share_from,
    round(((s.p + s.zz / (2 * s.n) + sqrt(s.zz * (s.p * (1 - s.p) / s.n + s.zz / (4 * s.n * s.n)))) / (1 + s.zz / s.n))::numeric, 6)::float8
        AS high_share_to,
    c.people
FROM sums AS c
CROSS JOIN LATERAL (
    SELECT nullif(c.counted, 0)::float8 AS n, c.high / nullif(c.counted, 0)::float8 AS p, 1.959964 ^ 2::float8 AS zz
) AS s
ORDER BY c.client_platform, c.session_type;
