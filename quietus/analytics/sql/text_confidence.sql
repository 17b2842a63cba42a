-- title: Confidence of texts
-- question: How sure was the model, for each priority, in steps of .05?
-- reading: For texts, confidence is the calibrated probability of the priority given. Under .5 the model was torn.
-- parameters: from to tz source model_version
-- column confidence_from: From [confidence]
-- column confidence_to: Up to [confidence]
-- column low: Low priority [texts]
-- column moderate: Moderate priority [texts]
-- column high: High priority [texts]
-- column people: Fewest people behind a number [people]
-- keys: confidence_from confidence_to
-- chart: stacked confidence_from high moderate low
WITH counts AS (
    -- the last step holds 1 itself; confidence has four digits, and whole numbers are cut faster
    SELECT least((r.confidence * 10000)::int / 500, 19) AS step, r.predicted_label, count(*) AS counted,
        CASE WHEN %(people)s THEN count(DISTINCT r.user_id) END AS people
    FROM analysis_records AS r
    WHERE r.predicted_label IN ('LOW', 'MODERATE', 'HIGH') AND r.analyzed_at >= %(from)s AND r.analyzed_at < %(to)s
      AND (%(source)s::text IS NULL OR r.source = %(source)s::text)
      AND (%(model_version)s::text IS NULL OR r.model_version = %(model_version)s::text)
    GROUP BY 1, 2
)
SELECT g.step / 20::float8 AS confidence_from, (g.step + 1) / 20::float8 AS confidence_to,
    coalesce(sum(c.counted) FILTER (WHERE c.predicted_label = 'LOW'), 0)::bigint AS low,
    coalesce(sum(c.counted) FILTER (WHERE c.predicted_label = 'MODERATE'), 0)::bigint AS moderate,
    coalesce(sum(c.counted) FILTER (WHERE c.predicted_label = 'HIGH'), 0)::bigint AS high,
    min(c.people) AS people
FROM generate_series(0, 19) AS g (step)
LEFT JOIN counts AS c ON c.step = g.step
GROUP BY g.step
ORDER BY g.step;
