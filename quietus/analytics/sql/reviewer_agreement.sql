-- title: Agreement of reviewers
-- question: Where two people read the same item, how often did they give it the same priority, and how much more often
--     than by chance?
-- reading: Kappa is 1 where they always agree and 0 where they agree as often as chance would. Second readings are asked
--     for where the first reader was unsure, so this is agreement on hard items.
-- parameters: from to tz resource_type
-- column resource_type: What was read [label]
-- column counted: Items read twice [reviews]
-- column agreed: Same priority [reviews]
-- column observed: Agreement [share]
-- column expected: By chance [share]
-- column kappa: Kappa [score]
-- column kappa_from: Kappa, at least [score]
-- column kappa_to: Kappa, at most [score]
-- column people: Fewest people behind a number [people]
-- keys: resource_type
-- chart: table
-- formula: kappa = (observed - expected) / (1 - expected), with its large-sample standard error. J. Cohen (1960), A
--     coefficient of agreement for nominal scales, Educational and Psychological Measurement 20, 37-46.
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
), pairs AS (
    SELECT resource_type, max(human_label) FILTER (WHERE reading = 1) AS first_label,
        max(human_label) FILTER (WHERE reading = 2) AS second_label, max(subject_id) AS subject_id
    FROM decisions
    WHERE human_label IN ('LOW', 'MODERATE', 'HIGH')
    GROUP BY resource_type, resource_id
    HAVING count(DISTINCT reading) = 2
), kinds AS (
    SELECT l.resource_type, count(p.first_label) AS counted,
        count(*) FILTER (WHERE p.first_label = p.second_label) AS agreed,
        count(*) FILTER (WHERE p.first_label = 'LOW') * count(*) FILTER (WHERE p.second_label = 'LOW')
            + count(*) FILTER (WHERE p.first_label = 'MODERATE') * count(*) FILTER (WHERE p.second_label = 'MODERATE')
            + count(*) FILTER (WHERE p.first_label = 'HIGH') * count(*) FILTER (WHERE p.second_label = 'HIGH') AS products,
        CASE WHEN %(people)s THEN count(DISTINCT p.subject_id) END AS people
    FROM unnest(ARRAY['analysis', 'video_session']) AS l (resource_type)
    LEFT JOIN pairs AS p ON p.resource_type = l.resource_type
    WHERE %(resource_type)s::text IS NULL OR l.resource_type = %(resource_type)s::text
    GROUP BY l.resource_type
), shares AS (
    -- expected: the chance that two readers who label as often as these, but blindly, agree
    SELECT *, nullif(counted, 0)::float8 AS n, agreed / nullif(counted, 0)::float8 AS observed,
        products / nullif(counted, 0)::float8 ^ 2 AS expected
    FROM kinds
)
SELECT s.resource_type, s.counted, s.agreed, s.observed, s.expected, k.kappa,
    k.kappa - 1.959964 * k.error AS kappa_from, k.kappa + 1.959964 * k.error AS kappa_to, s.people
FROM shares AS s
CROSS JOIN LATERAL (
    SELECT (s.observed - s.expected) / nullif(1 - s.expected, 0) AS kappa,
        sqrt(s.observed * (1 - s.observed) / (s.n * nullif(1 - s.expected, 0) ^ 2)) AS error
) AS k
ORDER BY s.resource_type;
