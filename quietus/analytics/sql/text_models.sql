-- title: Model versions of texts
-- question: What did each model version say about texts, how sure was it, and how long did it take?
-- reading: Versions read different texts at different times: a difference may come from the texts, not from the model.
-- parameters: from to tz source
-- column model_version: Model version [version]
-- column counted: Texts [texts]
-- column low: Low priority [texts]
-- column moderate: Moderate priority [texts]
-- column high: High priority [texts]
-- column high_share: Share of HIGH [share]
-- column high_share_from: Share, at least [share]
-- column high_share_to: Share, at most [share]
-- column mean_confidence: Mean confidence [confidence]
-- column median_ms: Time, median [ms]
-- column p95_ms: Time, 95 of 100 [ms]
-- column first_at: First [time]
-- column last_at: Last [time]
-- column people: Fewest people behind a number [people]
-- keys: model_version
-- chart: bars model_version high moderate low
-- formula: high_share_from and high_share_to: Wilson's 95 % interval. E. B. Wilson (1927), Probable inference, the law
--     of succession, and statistical inference, JASA 22, 209-212.
WITH counts AS (
    SELECT r.model_version, count(*) AS counted,
        count(*) FILTER (WHERE r.predicted_label = 'LOW') AS low,
        count(*) FILTER (WHERE r.predicted_label = 'MODERATE') AS moderate,
        count(*) FILTER (WHERE r.predicted_label = 'HIGH') AS high,
        avg(r.confidence)::float8 AS mean_confidence,
        percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY r.ai_processing_ms) AS ms,
        min(r.analyzed_at) AS first_at, max(r.analyzed_at) AS last_at,
        CASE WHEN %(people)s THEN least(
            nullif(count(DISTINCT r.user_id) FILTER (WHERE r.predicted_label = 'LOW'), 0),
            nullif(count(DISTINCT r.user_id) FILTER (WHERE r.predicted_label = 'MODERATE'), 0),
            nullif(count(DISTINCT r.user_id) FILTER (WHERE r.predicted_label = 'HIGH'), 0)) END AS people
    FROM analysis_records AS r
    WHERE r.predicted_label IN ('LOW', 'MODERATE', 'HIGH') AND r.analyzed_at >= %(from)s AND r.analyzed_at < %(to)s
      AND (%(source)s::text IS NULL OR r.source = %(source)s::text)
    GROUP BY r.model_version
)
SELECT c.model_version, c.counted, c.low, c.moderate, c.high, s.p AS high_share,
    round(((s.p + z / (2 * s.n) - sqrt(z * (s.p * (1 - s.p) / s.n + z / (4 * s.n * s.n)))) / (1 + z / s.n))::numeric, 6)::float8
        AS high_share_from,
    round(((s.p + z / (2 * s.n) + sqrt(z * (s.p * (1 - s.p) / s.n + z / (4 * s.n * s.n)))) / (1 + z / s.n))::numeric, 6)::float8
        AS high_share_to,
    c.mean_confidence, c.ms[1] AS median_ms, c.ms[2] AS p95_ms, c.first_at, c.last_at, c.people
FROM counts AS c
CROSS JOIN LATERAL (SELECT c.counted::float8 AS n, c.high / c.counted::float8 AS p, 1.959964 ^ 2::float8 AS z) AS s
ORDER BY c.last_at DESC, c.model_version;
