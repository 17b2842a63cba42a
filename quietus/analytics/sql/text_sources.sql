-- title: Texts by source
-- question: Where did the texts come from, and how do their priorities differ?
-- reading: Sources reach different people in different ways: a difference between them says nothing about who is worse
--     off.
-- parameters: from to tz model_version
-- column source: Source [label]
-- column counted: Texts [texts]
-- column low: Low priority [texts]
-- column moderate: Moderate priority [texts]
-- column high: High priority [texts]
-- column high_share: Share of HIGH [share]
-- column high_share_from: Share, at least [share]
-- column high_share_to: Share, at most [share]
-- column people: Fewest people behind a number [people]
-- keys: source
-- chart: bars source high moderate low
-- formula: high_share_from and high_share_to: Wilson's 95 % interval. E. B. Wilson (1927), Probable inference, the law
--     of succession, and statistical inference, JASA 22, 209-212.
WITH counts AS (
    SELECT r.source, r.predicted_label, count(*) AS counted,
        CASE WHEN %(people)s THEN count(DISTINCT r.user_id) END AS people
    FROM analysis_records AS r
    WHERE r.predicted_label IN ('LOW', 'MODERATE', 'HIGH') AND r.analyzed_at >= %(from)s AND r.analyzed_at < %(to)s
      AND (%(model_version)s::text IS NULL OR r.model_version = %(model_version)s::text)
    GROUP BY r.source, r.predicted_label
), sums AS (
    SELECT l.source, l.place,
        coalesce(sum(c.counted), 0)::bigint AS counted,
        coalesce(sum(c.counted) FILTER (WHERE c.predicted_label = 'LOW'), 0)::bigint AS low,
        coalesce(sum(c.counted) FILTER (WHERE c.predicted_label = 'MODERATE'), 0)::bigint AS moderate,
        coalesce(sum(c.counted) FILTER (WHERE c.predicted_label = 'HIGH'), 0)::bigint AS high,
        min(c.people) AS people
    FROM unnest(ARRAY['WEB_FORM', 'API', 'IMPORT', 'TRANSCRIPT']) WITH ORDINALITY AS l (source, place)
    LEFT JOIN counts AS c ON c.source = l.source
    GROUP BY l.source, l.place
)
SELECT c.source, c.counted, c.low, c.moderate, c.high, coalesce(s.p, 0) AS high_share,
    round(((s.p + s.zz / (2 * s.n) - sqrt(s.zz * (s.p * (1 - s.p) / s.n + s.zz / (4 * s.n * s.n)))) / (1 + s.zz / s.n))::numeric, 6)::float8
        AS high_share_from,
    round(((s.p + s.zz / (2 * s.n) + sqrt(s.zz * (s.p * (1 - s.p) / s.n + s.zz / (4 * s.n * s.n)))) / (1 + s.zz / s.n))::numeric, 6)::float8
        AS high_share_to,
    c.people
FROM sums AS c
CROSS JOIN LATERAL (
    SELECT nullif(c.counted, 0)::float8 AS n, c.high / nullif(c.counted, 0)::float8 AS p, 1.959964 ^ 2::float8 AS zz
) AS s
ORDER BY c.place;
