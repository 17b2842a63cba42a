-- title: Access review
-- question: Who read, exported or searched what of whom, and how often?
-- reading: Readers and people are shown by their ids. Reading one's own is left out.
-- parameters: from to tz reader_id subject_id
-- column reader_id: Reader [id]
-- column action: What was done [label]
-- column resource_type: With what [label]
-- column readings: Times [number]
-- column subjects: Different people [people]
-- column first_at: First [time]
-- column last_at: Last [time]
-- keys: reader_id action resource_type
-- chart: table
-- for: search_audit
SELECT a.user_id AS reader_id, a.action, a.resource_type, count(*) AS readings, count(DISTINCT s.subject) AS subjects,
    min(a.created_at) AS first_at, max(a.created_at) AS last_at
FROM audit_logs AS a
CROSS JOIN LATERAL (
    SELECT coalesce(a.metadata->>'subject_id', CASE WHEN a.resource_type = 'user' THEN a.resource_id END) AS subject
) AS s
WHERE a.created_at >= %(from)s AND a.created_at < %(to)s
  AND split_part(a.action, ':', 2) IN ('viewed', 'exported', 'downloaded', 'searched')
  AND s.subject IS DISTINCT FROM a.user_id::text
  AND (%(reader_id)s::uuid IS NULL OR a.user_id = %(reader_id)s::uuid)
  AND (%(subject_id)s::uuid IS NULL OR s.subject = %(subject_id)s::uuid::text)
GROUP BY a.user_id, a.action, a.resource_type
ORDER BY readings DESC, a.user_id, a.action, a.resource_type;
