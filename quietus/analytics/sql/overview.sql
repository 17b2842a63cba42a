-- title: Overview
-- question: What came in during this period, and how does it compare with the period of the same length before?
-- reading: Shares count LOW, MODERATE and HIGH only. Texts that wait are counted by the time since when they wait.
-- parameters: from to tz
-- column measure: Measure [label]
-- column unit: Counted in [label]
-- column value: In this period [number]
-- column before: In the period before [number]
-- keys: measure unit
-- chart: tiles measure value before
WITH periods AS (
    SELECT true AS current, %(from)s AS since, %(to)s AS until
    UNION ALL
    SELECT false, %(from)s - (%(to)s - %(from)s), %(from)s
), counts AS (
    SELECT p.current, 'text' AS kind, l.label, n.counted
    FROM periods AS p
    CROSS JOIN unnest(ARRAY['LOW', 'MODERATE', 'HIGH', 'PENDING', 'FAILED']) AS l (label)
    CROSS JOIN LATERAL (
        SELECT count(*) AS counted FROM analysis_records AS r
        WHERE r.predicted_label = l.label AND r.analyzed_at >= p.since AND r.analyzed_at < p.until
    ) AS n
    UNION ALL
    SELECT p.current, 'window', l.label, n.counted
    FROM periods AS p
    CROSS JOIN unnest(ARRAY['LOW', 'MODERATE', 'HIGH', 'UNKNOWN']) AS l (label)
    CROSS JOIN LATERAL (
        SELECT count(*) AS counted FROM video_analysis_events AS e
        WHERE e.risk_level = l.label AND e.event_at >= p.since AND e.event_at < p.until
    ) AS n
    UNION ALL
    SELECT p.current, 'session', l.label, n.counted
    FROM periods AS p
    CROSS JOIN unnest(ARRAY['ACTIVE', 'ENDED', 'ABANDONED']) AS l (label)
    CROSS JOIN LATERAL (
        SELECT count(*) AS counted FROM video_sessions AS s
        WHERE s.status = l.label AND s.started_at >= p.since AND s.started_at < p.until
    ) AS n
), sums AS (
    SELECT c.current, m.place, m.measure, m.unit,
        sum(c.counted) FILTER (WHERE c.label = ANY (m.labels)) AS counted,
        sum(c.counted) FILTER (WHERE c.label = ANY (m.basis)) AS basis
    FROM (VALUES
        (1, 'texts', 'texts', 'text', '{LOW,MODERATE,HIGH}'::text[], NULL::text[]),
        (2, 'texts_high', 'texts', 'text', '{HIGH}', NULL),
        (3, 'texts_high_share', 'share', 'text', '{HIGH}', '{LOW,MODERATE,HIGH}'),
        (4, 'texts_waiting', 'texts', 'text', '{PENDING}', NULL),
        (5, 'texts_failed', 'texts', 'text', '{FAILED}', NULL),
        (6, 'sessions', 'sessions', 'session', '{ACTIVE,ENDED,ABANDONED}', NULL),
        (7, 'windows', 'windows', 'window', '{LOW,MODERATE,HIGH}', NULL),
        (8, 'windows_high', 'windows', 'window', '{HIGH}', NULL),
        (9, 'windows_high_share', 'share', 'window', '{HIGH}', '{LOW,MODERATE,HIGH}'),
        (10, 'windows_nobody_seen', 'windows', 'window', '{UNKNOWN}', NULL)
    ) AS m (place, measure, unit, kind, labels, basis)
    JOIN counts AS c USING (kind)
    GROUP BY c.current, m.place, m.measure, m.unit
), measured AS (
    SELECT *, CASE WHEN unit = 'share' THEN coalesce(counted / nullif(basis, 0), 0) ELSE counted END::float8 AS value
    FROM sums
)
SELECT measure, unit, max(value) FILTER (WHERE current) AS value, max(value) FILTER (WHERE NOT current) AS before
FROM measured
GROUP BY place, measure, unit
ORDER BY place;
