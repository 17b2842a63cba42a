-- title: Confidence of windows
-- question: How sure was the model, for each priority, in steps of .05?
-- reading: For windows, confidence says how good the picture was, not how likely the priority is.
-- parameters: from to tz model_version client_platform session_type
-- column confidence_from: From [confidence]
-- column confidence_to: Up to [confidence]
-- column low: Low priority [windows]
-- column moderate: Moderate priority [windows]
-- column high: High priority [windows]
-- column people: Fewest people behind a number [people]
-- keys: confidence_from confidence_to
-- chart: stacked confidence_from high moderate low
WITH counts AS (
    -- the last step holds 1 itself; confidence has four digits, and whole numbers are cut faster
    SELECT least((r.confidence * 10000)::int / 500, 19) AS step, r.risk_level, count(*) AS counted,
        CASE WHEN %(people)s THEN count(DISTINCT r.user_id) END AS people
    FROM video_analysis_events AS r
    WHERE r.risk_level IN ('LOW', 'MODERATE', 'HIGH') AND r.event_at >= %(from)s AND r.event_at < %(to)s
      AND (%(model_version)s::text IS NULL OR r.model_version = %(model_version)s::text)
      AND ((%(client_platform)s::text IS NULL AND %(session_type)s::text IS NULL) OR r.session_id IN (
          SELECT s.id FROM video_sessions AS s
          WHERE (%(client_platform)s::text IS NULL OR s.client_platform = %(client_platform)s::text)
            AND (%(session_type)s::text IS NULL OR s.session_type = %(session_type)s::text)))
    GROUP BY 1, 2
)
SELECT g.step / 20::float8 AS confidence_from, (g.step + 1) / 20::float8 AS confidence_to,
    coalesce(sum(c.counted) FILTER (WHERE c.risk_level = 'LOW'), 0)::bigint AS low,
    coalesce(sum(c.counted) FILTER (WHERE c.risk_level = 'MODERATE'), 0)::bigint AS moderate,
    coalesce(sum(c.counted) FILTER (WHERE c.risk_level = 'HIGH'), 0)::bigint AS high,
    min(c.people) AS people
FROM generate_series(0, 19) AS g (step)
LEFT JOIN counts AS c ON c.step = g.step
GROUP BY g.step
ORDER BY g.step;
