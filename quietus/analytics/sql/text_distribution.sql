-- title: Texts by priority
-- question: How many texts were given each review priority, and what share is that?
-- reading: A priority is about one text, never about a person, and LOW does not mean safe. Texts that wait or could not
--     be read are left out.
-- parameters: from to tz source model_version
-- column predicted_label: Priority [label]
-- column counted: Texts [texts]
-- column share: Share [share]
-- column share_from: Share, at least [share]
-- column share_to: Share, at most [share]
-- column people: Fewest people behind a number [people]
-- keys: predicted_label
-- chart: bars predicted_label counted
-- formula: share_from and share_to: Wilson's 95 % interval. E. B. Wilson (1927), Probable inference, the law of
--     succession, and statistical inference, JASA 22, 209-212.
WITH counts AS (
    SELECT l.predicted_label, l.place, n.counted, n.people, sum(n.counted) OVER () AS total
    FROM unnest(ARRAY['LOW', 'MODERATE', 'HIGH']) WITH ORDINALITY AS l (predicted_label, place)
    -- one range count for each label: index-only on (predicted_label, analyzed_at) while no filter narrows
    CROSS JOIN LATERAL (
        SELECT count(*) AS counted, CASE WHEN %(people)s THEN count(DISTINCT r.user_id) END AS people
        FROM analysis_records AS r
        WHERE r.predicted_label = l.predicted_label AND r.analyzed_at >= %(from)s AND r.analyzed_at < %(to)s
          AND (%(source)s::text IS NULL OR r.source = %(source)s::text)
          AND (%(model_version)s::text IS NULL OR r.model_version = %(model_version)s::text)
    ) AS n
)
SELECT c.predicted_label, c.counted, coalesce(s.p, 0) AS share,
    round(((s.p + s.zz / (2 * s.n) - sqrt(s.zz * (s.p * (1 - s.p) / s.n + s.zz / (4 * s.n * s.n)))) / (1 + s.zz / s.n))::numeric, 6)::float8
        AS share_from,
    round(((s.p + s.zz / (2 * s.n) + sqrt(s.zz * (s.p * (1 - s.p) / s.n + s.zz / (4 * s.n * s.n)))) / (1 + s.zz / s.n))::numeric, 6)::float8
        AS share_to,
    c.people
FROM counts AS c
CROSS JOIN LATERAL (
    SELECT nullif(c.total, 0)::float8 AS n, c.counted / nullif(c.total, 0)::float8 AS p, 1.959964 ^ 2::float8 AS zz
) AS s
ORDER BY c.place;
