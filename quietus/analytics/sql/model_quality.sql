-- title: Model versions beside human decisions
-- question: How often did each model version agree with the people who read, and how often did it raise a false alarm or
--     miss something?
-- reading: A false alarm is HIGH by the model where a person said less; a miss is less than HIGH where a person said
--     HIGH. Among all reviewed items HIGH is far more frequent than among texts, so misses are counted too low there;
--     the rows of the random sample are few but fair.
-- parameters: from to tz resource_type model_version
-- column model_version: Model version [version]
-- column basis: Counted over [label]
-- column counted: Reviewed [reviews]
-- column agreed_share: Same priority by a person [share]
-- column brier: Brier score [score]
-- column ece: Calibration error (ECE) [score]
-- column not_high: Not HIGH for a person [reviews]
-- column false_alarms: False alarms [reviews]
-- column false_alarm_rate: False alarms, rate [share]
-- column false_alarm_rate_from: At least [share]
-- column false_alarm_rate_to: At most [share]
-- column high: HIGH for a person [reviews]
-- column misses: Misses [reviews]
-- column miss_rate: Misses, rate [share]
-- column miss_rate_from: At least [share]
-- column miss_rate_to: At most [share]
-- column people: Fewest people behind a number [people]
-- keys: model_version basis
-- chart: table
-- formula: Brier score: mean of (confidence - agreed)^2. G. W. Brier (1950), Verification of forecasts expressed in terms
--     of probability, Monthly Weather Review 78, 1-3. ECE in tenths: M. P. Naeini, G. F. Cooper, M. Hauskrecht (2015),
--     Obtaining well calibrated probabilities using Bayesian binning, AAAI. Rates with Wilson's 95 % interval.
WITH undone AS (
    SELECT u.metadata->>'decision' AS decision
    FROM audit_logs AS u
    WHERE u.action = 'review:undone' AND u.created_at >= %(from)s
), decisions AS (
    -- the newest decision of each reading that was not undone
    SELECT DISTINCT ON (d.resource_type, d.resource_id, d.metadata->>'reading')
        d.resource_type, d.resource_id, (d.metadata->>'reading')::int AS reading, d.metadata->>'human_label' AS human_label,
        d.metadata->>'predicted_label' AS predicted_label, (d.metadata->>'confidence')::float8 AS confidence,
        d.metadata->>'model_version' AS model_version, d.metadata->>'reason' AS reason,
        d.metadata->>'subject_id' AS subject_id
    FROM audit_logs AS d
    WHERE d.action = 'review:decided' AND d.created_at >= %(from)s AND d.created_at < %(to)s
      AND d.resource_type IN ('analysis', 'video_session')
      AND (%(resource_type)s::text IS NULL OR d.resource_type = %(resource_type)s::text)
      AND NOT EXISTS (SELECT FROM undone AS u WHERE u.decision = d.id::text)
    ORDER BY d.resource_type, d.resource_id, d.metadata->>'reading', d.created_at DESC, d.id DESC
), labelled AS (
    -- where somebody read it a second time, that reading is the human answer
    SELECT DISTINCT ON (resource_type, resource_id) *, human_label = predicted_label AS agreed
    FROM decisions
    WHERE human_label IN ('LOW', 'MODERATE', 'HIGH') AND predicted_label IN ('LOW', 'MODERATE', 'HIGH')
    ORDER BY resource_type, resource_id, reading DESC
), based AS (
    SELECT l.*, b.basis, least(floor(l.confidence * 10), 9)::int AS bin
    FROM labelled AS l
    CROSS JOIN (VALUES ('all_reviewed'), ('random_sample')) AS b (basis)
    WHERE (b.basis = 'all_reviewed' OR l.reason = 'SAMPLE')
      AND (%(model_version)s::text IS NULL OR l.model_version = %(model_version)s::text)
), gaps AS (
    SELECT model_version, basis, sum(gap) / sum(counted) AS ece
    FROM (
        SELECT model_version, basis, count(*) AS counted, abs(sum(agreed::int - confidence)) AS gap
        FROM based GROUP BY model_version, basis, bin
    ) AS bins
    GROUP BY model_version, basis
), counts AS (
    SELECT model_version, basis, count(*) AS counted, avg(agreed::int)::float8 AS agreed_share,
        avg((confidence - agreed::int) ^ 2) AS brier,
        count(*) FILTER (WHERE human_label <> 'HIGH') AS not_high,
        count(*) FILTER (WHERE human_label <> 'HIGH' AND predicted_label = 'HIGH') AS false_alarms,
        count(*) FILTER (WHERE human_label = 'HIGH') AS high,
        count(*) FILTER (WHERE human_label = 'HIGH' AND predicted_label <> 'HIGH') AS misses,
        CASE WHEN %(people)s THEN least(
            nullif(count(DISTINCT subject_id) FILTER (WHERE human_label = 'HIGH'), 0),
            nullif(count(DISTINCT subject_id) FILTER (WHERE human_label <> 'HIGH'), 0)) END AS people
    FROM based
    GROUP BY model_version, basis
)
SELECT c.model_version, c.basis, c.counted, c.agreed_share, c.brier, g.ece,
    c.not_high, c.false_alarms, f.p AS false_alarm_rate,
    round(((f.p + z / (2 * f.n) - sqrt(z * (f.p * (1 - f.p) / f.n + z / (4 * f.n * f.n)))) / (1 + z / f.n))::numeric, 6)::float8
        AS false_alarm_rate_from,
    round(((f.p + z / (2 * f.n) + sqrt(z * (f.p * (1 - f.p) / f.n + z / (4 * f.n * f.n)))) / (1 + z / f.n))::numeric, 6)::float8
        AS false_alarm_rate_to,
    c.high, c.misses, m.p AS miss_rate,
    round(((m.p + z / (2 * m.n) - sqrt(z * (m.p * (1 - m.p) / m.n + z / (4 * m.n * m.n)))) / (1 + z / m.n))::numeric, 6)::float8
        AS miss_rate_from,
    round(((m.p + z / (2 * m.n) + sqrt(z * (m.p * (1 - m.p) / m.n + z / (4 * m.n * m.n)))) / (1 + z / m.n))::numeric, 6)::float8
        AS miss_rate_to,
    c.people
FROM counts AS c
JOIN gaps AS g USING (model_version, basis)
CROSS JOIN (SELECT 1.959964 ^ 2::float8 AS z) AS k
CROSS JOIN LATERAL (
    SELECT nullif(c.not_high, 0)::float8 AS n, c.false_alarms / nullif(c.not_high, 0)::float8 AS p
) AS f
CROSS JOIN LATERAL (SELECT nullif(c.high, 0)::float8 AS n, c.misses / nullif(c.high, 0)::float8 AS p) AS m
ORDER BY c.model_version, c.basis;
