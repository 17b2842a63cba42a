-- title: Video sessions
-- question: How long were video sessions, how many were abandoned, and how many windows a minute did they bring?
-- reading: Length is that of sessions that have come to an end, in either way. An abandoned session is one that stopped
--     sending without being ended, often a closed tab or a lost network.
-- parameters: from to tz client_platform session_type
-- column session_type: Kind of session [label]
-- column client_platform: Platform [label]
-- column counted: Sessions [sessions]
-- column active: Still going on [sessions]
-- column ended: Ended [sessions]
-- column abandoned: Abandoned [sessions]
-- column abandoned_share: Share abandoned [share]
-- column abandoned_share_from: Share, at least [share]
-- column abandoned_share_to: Share, at most [share]
-- column median_minutes: Length, median [minutes]
-- column p90_minutes: Length, 90 of 100 [minutes]
-- column windows: Windows [windows]
-- column windows_a_minute: Windows a minute [rate]
-- column people: Fewest people behind a number [people]
-- keys: session_type client_platform
-- chart: table
-- formula: abandoned_share is of the sessions that are over; abandoned_share_from and abandoned_share_to: Wilson's 95 %
--     interval. E. B. Wilson (1927), JASA 22, 209-212.
WITH each AS (
    SELECT s.session_type, s.client_platform, s.status, s.user_id, w.windows,
        extract(epoch FROM s.ended_at - s.started_at)::float8 / 60 AS minutes
    FROM video_sessions AS s
    -- index-only on (session_id, event_at)
    CROSS JOIN LATERAL (SELECT count(*) AS windows FROM video_analysis_events AS e WHERE e.session_id = s.id) AS w
    WHERE s.status IN ('ACTIVE', 'ENDED', 'ABANDONED') AND s.started_at >= %(from)s AND s.started_at < %(to)s
      AND (%(client_platform)s::text IS NULL OR s.client_platform = %(client_platform)s::text)
      AND (%(session_type)s::text IS NULL OR s.session_type = %(session_type)s::text)
), counts AS (
    SELECT session_type, client_platform, count(*) AS counted,
        count(*) FILTER (WHERE status = 'ACTIVE') AS active,
        count(*) FILTER (WHERE status = 'ENDED') AS ended,
        count(*) FILTER (WHERE status = 'ABANDONED') AS abandoned,
        percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY minutes) AS lengths,
        sum(windows)::bigint AS windows,
        sum(windows) FILTER (WHERE minutes > 0) / sum(minutes) FILTER (WHERE minutes > 0) AS windows_a_minute,
        CASE WHEN %(people)s THEN least(
            nullif(count(DISTINCT user_id) FILTER (WHERE status = 'ACTIVE'), 0),
            nullif(count(DISTINCT user_id) FILTER (WHERE status = 'ENDED'), 0),
            nullif(count(DISTINCT user_id) FILTER (WHERE status = 'ABANDONED'), 0)) END AS people
    FROM each
    GROUP BY session_type, client_platform
)
SELECT c.session_type, c.client_platform, c.counted, c.active, c.ended, c.abandoned, coalesce(s.p, 0) AS abandoned_share,
    round(((s.p + z / (2 * s.n) - sqrt(z * (s.p * (1 - s.p) / s.n + z / (4 * s.n * s.n)))) / (1 + z / s.n))::numeric, 6)::float8
        AS abandoned_share_from,
    round(((s.p + z / (2 * s.n) + sqrt(z * (s.p * (1 - s.p) / s.n + z / (4 * s.n * s.n)))) / (1 + z / s.n))::numeric, 6)::float8
        AS abandoned_share_to,
    c.lengths[1] AS median_minutes, c.lengths[2] AS p90_minutes, c.windows, c.windows_a_minute, c.people
FROM counts AS c
CROSS JOIN LATERAL (
    SELECT t.n, c.abandoned / t.n AS p, 1.959964 ^ 2::float8 AS z
    FROM (SELECT nullif(c.ended + c.abandoned, 0)::float8 AS n) AS t
) AS s
ORDER BY c.session_type, c.client_platform;
