-- title: States of alerts
-- question: Which alert rules were in which state at the end of this period, since when, and how often did they change?
-- reading: A rule that never left ok has no row.
-- parameters: from to tz
-- column rule: Rule [label]
-- column state: State [label]
-- column value: Value then [number]
-- column since: Since [time]
-- column changes: Changes in this period [number]
-- keys: rule
-- chart: table
WITH newest AS (
    SELECT DISTINCT ON (a.resource_id) a.resource_id AS rule, a.metadata->>'state' AS state, a.created_at AS since,
        CASE WHEN jsonb_typeof(a.metadata->'value') = 'number' THEN (a.metadata->>'value')::float8 END AS value
    FROM audit_logs AS a
    WHERE a.resource_type = 'alert' AND a.created_at < %(to)s
    ORDER BY a.resource_id, a.created_at DESC, a.id DESC
)
SELECT n.rule, n.state, n.value, n.since, (
    SELECT count(*) FROM audit_logs AS a
    WHERE a.resource_type = 'alert' AND a.resource_id = n.rule AND a.created_at >= %(from)s AND a.created_at < %(to)s
) AS changes
FROM newest AS n
ORDER BY n.rule;
