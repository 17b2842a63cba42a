-- title: Drift of windows per model version
-- question: How far have priorities, confidence and latency moved from the period of the same length before?
-- reading: PSI compares two distributions: under .1 is quiet, from .1 to .25 worth a look, above .25 worth acting on. It
--     sees that something moved, not why; with few windows it moves by chance.
-- parameters: from to tz client_platform session_type
-- column model_version: Model version [version]
-- column counted: Windows [windows]
-- column counted_before: Windows before [windows]
-- column psi_labels: PSI of priorities [psi]
-- column psi_confidence: PSI of confidence [psi]
-- column psi_latency: PSI of latency [psi]
-- column people: Fewest people behind a number [people]
-- keys: model_version
-- chart: bars model_version psi_labels psi_confidence psi_latency
-- formula: PSI = sum over bins of (p - q) * ln(p / q), p now and q before, each bin counted half a time more, so that an
--     empty one does not make it infinite. N. Siddiqi (2006), Credit Risk Scorecards, Wiley, chapter 10. Confidence in
--     tenths; time in ms up to 50, 100, 200, 400, 800 and more. Bins empty in both periods are left out.
WITH cells AS (
    SELECT r.model_version, r.event_at >= %(from)s AS current, r.risk_level AS label,
        least((r.confidence * 10000)::int / 1000, 9) AS confidence,
        width_bucket(r.latency_ms, ARRAY[50, 100, 200, 400, 800]) AS latency,
        count(*) AS counted
    FROM video_analysis_events AS r
    WHERE r.risk_level IN ('LOW', 'MODERATE', 'HIGH')
      AND r.event_at >= %(from)s - (%(to)s - %(from)s) AND r.event_at < %(to)s
      AND ((%(client_platform)s::text IS NULL AND %(session_type)s::text IS NULL) OR r.session_id IN (
          SELECT s.id FROM video_sessions AS s
          WHERE (%(client_platform)s::text IS NULL OR s.client_platform = %(client_platform)s::text)
            AND (%(session_type)s::text IS NULL OR s.session_type = %(session_type)s::text)))
    GROUP BY 1, 2, 3, 4, 5
), bins AS (
    SELECT c.model_version, m.measure, m.bin,
        coalesce(sum(c.counted) FILTER (WHERE c.current), 0)::float8 AS now,
        coalesce(sum(c.counted) FILTER (WHERE NOT c.current), 0)::float8 AS before
    FROM cells AS c
    CROSS JOIN LATERAL (VALUES
        ('labels', c.label::text), ('confidence', c.confidence::text), ('latency', c.latency::text)
    ) AS m (measure, bin)
    GROUP BY c.model_version, m.measure, m.bin
), totals AS (
    SELECT *, sum(now) OVER each AS all_now, sum(before) OVER each AS all_before, count(*) OVER each AS bins
    FROM bins
    WINDOW each AS (PARTITION BY model_version, measure)
), shares AS (
    SELECT model_version, measure, all_now, all_before,
        (now + 0.5) / (all_now + 0.5 * bins) AS p, (before + 0.5) / (all_before + 0.5 * bins) AS q
    FROM totals
), psi AS (
    SELECT model_version, measure, max(all_now)::bigint AS counted, max(all_before)::bigint AS counted_before,
        CASE WHEN max(all_now) > 0 AND max(all_before) > 0 THEN sum((p - q) * ln(p / q)) END AS psi
    FROM shares
    GROUP BY model_version, measure
)
SELECT p.model_version, max(p.counted) AS counted, max(p.counted_before) AS counted_before,
    max(p.psi) FILTER (WHERE p.measure = 'labels') AS psi_labels,
    max(p.psi) FILTER (WHERE p.measure = 'confidence') AS psi_confidence,
    max(p.psi) FILTER (WHERE p.measure = 'latency') AS psi_latency,
    CASE WHEN %(people)s THEN (
        SELECT min(n.people) FROM (
            SELECT count(DISTINCT r.user_id) AS people FROM video_analysis_events AS r
            WHERE r.model_version = p.model_version AND r.risk_level IN ('LOW', 'MODERATE', 'HIGH')
              AND r.event_at >= %(from)s - (%(to)s - %(from)s) AND r.event_at < %(to)s
              AND ((%(client_platform)s::text IS NULL AND %(session_type)s::text IS NULL) OR r.session_id IN (
                  SELECT s.id FROM video_sessions AS s
                  WHERE (%(client_platform)s::text IS NULL OR s.client_platform = %(client_platform)s::text)
                    AND (%(session_type)s::text IS NULL OR s.session_type = %(session_type)s::text)))
            GROUP BY r.event_at >= %(from)s
        ) AS n
    ) END AS people
FROM psi AS p
GROUP BY p.model_version
ORDER BY p.model_version;
