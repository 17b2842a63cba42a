-- title: Signals that come with HIGH
-- question: Which signals of a window differ most between HIGH and the other priorities?
-- reading: The difference is counted in standard deviations: .2 is small, .8 large. The model made HIGH from these very
--     signals, so this shows how it works, not what distress looks like. Yes counts as 1, no as 0; words are left out.
-- parameters: from to tz model_version client_platform session_type
-- column signal: Signal [label]
-- column windows_high: HIGH windows with it [windows]
-- column mean_high: Mean at HIGH [number]
-- column windows_other: Other windows with it [windows]
-- column mean_other: Mean at LOW and MODERATE [number]
-- column difference: Difference [sd]
-- column people: Fewest people behind a number [people]
-- keys: signal
-- chart: bars signal difference
-- formula: difference: Cohen's d with the pooled standard deviation. J. Cohen (1988), Statistical Power Analysis for the
--     Behavioral Sciences, 2nd edition, section 2.2.
WITH numbers AS (
    -- the value is used once further down, so that it is read from its JSON once
    SELECT r.risk_level = 'HIGH' AS high, r.user_id, s.key AS signal,
        CASE jsonb_typeof(s.value) WHEN 'number' THEN s.value::float8 ELSE s.value::boolean::int::float8 END AS value
    FROM video_analysis_events AS r
    CROSS JOIN LATERAL jsonb_each(r.signals) AS s
    WHERE r.risk_level IN ('LOW', 'MODERATE', 'HIGH') AND r.event_at >= %(from)s AND r.event_at < %(to)s
      AND jsonb_typeof(s.value) IN ('number', 'boolean')
      AND (%(model_version)s::text IS NULL OR r.model_version = %(model_version)s::text)
      AND ((%(client_platform)s::text IS NULL AND %(session_type)s::text IS NULL) OR r.session_id IN (
          SELECT s.id FROM video_sessions AS s
          WHERE (%(client_platform)s::text IS NULL OR s.client_platform = %(client_platform)s::text)
            AND (%(session_type)s::text IS NULL OR s.session_type = %(session_type)s::text)))
), sides AS (
    SELECT signal, high, count(*) AS windows, avg(value) AS mean, var_samp(value) AS var,
        CASE WHEN %(people)s THEN count(DISTINCT user_id) END AS people
    FROM numbers
    GROUP BY signal, high
), means AS (
    -- one row for each side
    SELECT signal,
        coalesce(max(windows) FILTER (WHERE high), 0) AS windows_high, max(mean) FILTER (WHERE high) AS mean_high,
        coalesce(max(windows) FILTER (WHERE NOT high), 0) AS windows_other,
        max(mean) FILTER (WHERE NOT high) AS mean_other,
        coalesce(max(var) FILTER (WHERE high), 0) AS var_high,
        coalesce(max(var) FILTER (WHERE NOT high), 0) AS var_other, min(people) AS people
    FROM sides
    GROUP BY signal
), measured AS (
    SELECT *, (mean_high - mean_other) / nullif(sqrt(
        ((windows_high - 1) * var_high + (windows_other - 1) * var_other)
            / nullif(windows_high + windows_other - 2, 0)), 0) AS difference
    FROM means
)
SELECT signal, windows_high, mean_high, windows_other, mean_other, difference, people
FROM measured
ORDER BY abs(difference) DESC NULLS LAST, signal;
