-- title: How long it takes
-- question: How long does the model take for a text, how long does a text wait for its outcome, and how old is a window
--     when it arrives?
-- reading: Half of them take at most the median; 99 of 100 take at most the last percentile. Texts that wait or could
--     not be read are left out; a text that was tried again waited since it was sent.
-- parameters: from to tz model_version
-- column measure: Measure [label]
-- column counted: Counted [number]
-- column p50_ms: Median [ms]
-- column p90_ms: 90 of 100 [ms]
-- column p95_ms: 95 of 100 [ms]
-- column p99_ms: 99 of 100 [ms]
-- column longest_ms: Longest [ms]
-- column people: Fewest people behind a number [people]
-- keys: measure
-- chart: bars measure p50_ms p95_ms p99_ms
-- formula: percentile_cont: the value at that place of the ordered row, linear between two neighbours. R. J. Hyndman,
--     Y. Fan (1996), Sample quantiles in statistical packages, The American Statistician 50, 361-365, type 7.
WITH texts AS (
    SELECT count(*) AS counted,
        percentile_cont(ARRAY[0.5, 0.9, 0.95, 0.99, 1]) WITHIN GROUP (ORDER BY r.ai_processing_ms) AS model_ms,
        percentile_cont(ARRAY[0.5, 0.9, 0.95, 0.99, 1]) WITHIN GROUP (
            ORDER BY extract(epoch FROM r.analyzed_at - r.submitted_at)::float8 * 1000) AS whole_ms,
        CASE WHEN %(people)s THEN count(DISTINCT r.user_id) END AS people
    FROM analysis_records AS r
    WHERE r.predicted_label IN ('LOW', 'MODERATE', 'HIGH') AND r.analyzed_at >= %(from)s AND r.analyzed_at < %(to)s
      AND (%(model_version)s::text IS NULL OR r.model_version = %(model_version)s::text)
), windows AS (
    SELECT count(*) AS counted,
        percentile_cont(ARRAY[0.5, 0.9, 0.95, 0.99, 1]) WITHIN GROUP (ORDER BY e.latency_ms) AS ms,
        CASE WHEN %(people)s THEN count(DISTINCT e.user_id) END AS people
    FROM video_analysis_events AS e
    WHERE e.event_at >= %(from)s AND e.event_at < %(to)s
      AND (%(model_version)s::text IS NULL OR e.model_version = %(model_version)s::text)
)
SELECT m.measure, m.counted, m.ms[1] AS p50_ms, m.ms[2] AS p90_ms, m.ms[3] AS p95_ms, m.ms[4] AS p99_ms,
    m.ms[5] AS longest_ms, m.people
FROM (
    SELECT 1 AS place, 'text_model' AS measure, counted, model_ms AS ms, people FROM texts
    UNION ALL SELECT 2, 'text_from_sent_to_outcome', counted, whole_ms, people FROM texts
    UNION ALL SELECT 3, 'window', counted, ms, people FROM windows
) AS m
ORDER BY m.place;
