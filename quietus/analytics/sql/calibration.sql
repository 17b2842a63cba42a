-- title: Calibration: does confidence hold what it says?
-- question: Of the outcomes given with a confidence, how many did a person who read them give the same priority?
-- reading: Where the model is calibrated, both shares are alike in each row. What people review is no random sample:
--     HIGH is read more often, so a row says something about reviewed items only.
-- parameters: from to tz resource_type model_version
-- column model_version: Model version [version]
-- column confidence_from: Confidence from [confidence]
-- column confidence_to: Up to [confidence]
-- column counted: Reviewed [reviews]
-- column mean_confidence: Confidence, mean [share]
-- column agreed_share: Same priority by a person [share]
-- column agreed_share_from: Share, at least [share]
-- column agreed_share_to: Share, at most [share]
-- column people: Fewest people behind a number [people]
-- keys: model_version confidence_from confidence_to
-- chart: bars confidence_from mean_confidence agreed_share
-- formula: Reliability diagram in tenths. A. Niculescu-Mizil, R. Caruana (2005), Predicting good probabilities with
--     supervised learning, ICML. Intervals: E. B. Wilson (1927), JASA 22, 209-212.
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
), bins AS (
    SELECT model_version, least(floor(confidence * 10), 9)::int AS bin, count(*) AS counted,
        avg(confidence) AS mean_confidence, avg(agreed::int)::float8 AS p,
        CASE WHEN %(people)s THEN count(DISTINCT subject_id) END AS people
    FROM labelled
    WHERE %(model_version)s::text IS NULL OR model_version = %(model_version)s::text
    GROUP BY 1, 2
)
SELECT s.model_version, s.bin / 10::float8 AS confidence_from, (s.bin + 1) / 10::float8 AS confidence_to, s.counted,
    s.mean_confidence, s.p AS agreed_share,
    round(((s.p + z / (2 * s.n) - sqrt(z * (s.p * (1 - s.p) / s.n + z / (4 * s.n * s.n)))) / (1 + z / s.n))::numeric, 6)::float8
        AS agreed_share_from,
    round(((s.p + z / (2 * s.n) + sqrt(z * (s.p * (1 - s.p) / s.n + z / (4 * s.n * s.n)))) / (1 + z / s.n))::numeric, 6)::float8
        AS agreed_share_to,
    s.people
FROM (SELECT *, counted::float8 AS n, 1.959964 ^ 2::float8 AS z FROM bins) AS s
ORDER BY s.model_version, s.bin;
