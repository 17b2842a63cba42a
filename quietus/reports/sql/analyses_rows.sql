-- title: Texts, row by row
-- question: Which texts were given a review priority in this period, without their words and without names?
-- reading: One row for each text that was read. The id leads people who may read texts to it, and nobody else. A
--     priority is about one text, never about a person, and LOW does not mean safe.
-- parameters: from to tz predicted_label source model_version
-- column id: Id [id]
-- column submitted_at: Sent [time]
-- column analyzed_at: Read [time]
-- column source: Source [label]
-- column predicted_label: Priority [label]
-- column confidence: Confidence [share]
-- column model_version: Model version [label]
-- column ai_processing_ms: Time of the model [ms]
-- keys: id
-- chart: table
-- for: build_reports
SELECT r.id, r.submitted_at, r.analyzed_at, r.source, r.predicted_label, r.confidence, r.model_version,
    r.ai_processing_ms
FROM analysis_records AS r
WHERE r.analyzed_at >= %(from)s AND r.analyzed_at < %(to)s
  AND r.predicted_label IN ('LOW', 'MODERATE', 'HIGH')
  AND (%(predicted_label)s::text IS NULL OR r.predicted_label = %(predicted_label)s::text)
  AND (%(source)s::text IS NULL OR r.source = %(source)s::text)
  AND (%(model_version)s::text IS NULL OR r.model_version = %(model_version)s::text)
ORDER BY r.analyzed_at, r.id
