-- How many rows analyses_rows.sql will give, and how many people stand behind them, as far as it matters: 5 says five
-- or more. Parameters as there.
WITH chosen AS NOT MATERIALIZED (
    SELECT r.user_id
    FROM analysis_records AS r
    WHERE r.analyzed_at >= %(from)s AND r.analyzed_at < %(to)s
      AND r.predicted_label IN ('LOW', 'MODERATE', 'HIGH')
      AND (%(predicted_label)s::text IS NULL OR r.predicted_label = %(predicted_label)s::text)
      AND (%(source)s::text IS NULL OR r.source = %(source)s::text)
      AND (%(model_version)s::text IS NULL OR r.model_version = %(model_version)s::text)
)
SELECT (SELECT count(*) FROM chosen) AS counted,
    (SELECT count(*) FROM (SELECT DISTINCT c.user_id FROM chosen AS c LIMIT 5) AS someone) AS people
