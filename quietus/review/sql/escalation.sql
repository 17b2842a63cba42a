-- Which HIGH items may have a step of the escalation list due, and what has been told about each?
-- Parameters: "from" (nothing older), kind and id (one item only; NULL: all), attempts (after this many a step rests).
-- Units: `told` are step numbers from 1 that were delivered or given up; `tried` all attempts of steps, as numbers.
WITH high AS (
    SELECT 'analysis' AS kind, 'analysis' AS resource_type, r.id, r.analyzed_at AS since,
           NULL::timestamptz AS high_at
    FROM analysis_records r
    WHERE r.predicted_label = 'HIGH' AND r.analyzed_at >= :from
      AND (CAST(:kind AS text) IS NULL OR (:kind = 'analysis' AND r.id = CAST(:id AS uuid)))
    UNION ALL
    SELECT 'session', 'video_session', e.session_id, min(e.event_at), max(e.created_at)
    FROM video_analysis_events e
    WHERE e.risk_level = 'HIGH' AND e.event_at >= :from
      AND (CAST(:kind AS text) IS NULL OR (:kind = 'session' AND e.session_id = CAST(:id AS uuid)))
    GROUP BY e.session_id
)
SELECT high.kind, high.id, coalesce(unseen.since, high.since) AS since, log.claimed,
       coalesce(log.told, '{}') AS told, coalesce(log.tried, '{}') AS tried
FROM high
LEFT JOIN LATERAL (
    SELECT action, metadata, coalesce((metadata->>'seen')::timestamptz, '-infinity') AS seen
    FROM audit_logs l
    WHERE l.resource_type = high.resource_type AND l.resource_id = high.id::text
      AND l.action IN ('review:claimed', 'review:released', 'review:decided', 'review:undone')
    ORDER BY l.id DESC LIMIT 1) newest ON true
LEFT JOIN LATERAL (
    SELECT min(event_at) AS since FROM video_analysis_events e
    WHERE high.kind = 'session' AND e.session_id = high.id AND e.risk_level = 'HIGH'
      AND e.created_at > coalesce(newest.seen, '-infinity')) unseen ON true
CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(l.action = 'review:claimed'), false) AS claimed,
           array_agg(DISTINCT (l.metadata->>'step')::int) FILTER (WHERE l.action = 'escalation:sent'
               AND ((l.metadata->>'delivered')::boolean OR (l.metadata->>'attempt')::int >= :attempts)) AS told,
           array_agg((l.metadata->>'step')::int) FILTER (WHERE l.action = 'escalation:sent') AS tried
    FROM audit_logs l
    WHERE l.resource_type = high.resource_type AND l.resource_id = high.id::text
      AND l.action IN ('review:claimed', 'escalation:sent')
      -- of a session: since it was last decided about
      AND l.id > coalesce((
          SELECT max(d.id) FROM audit_logs d
          WHERE high.kind = 'session' AND d.resource_type = 'video_session' AND d.resource_id = high.id::text
            AND d.action = 'review:decided' AND d.metadata->>'outcome' <> 'NEEDS_SECOND_READER'), 0)) log
WHERE CASE high.kind
      WHEN 'session' THEN high.high_at > coalesce(newest.seen, '-infinity')
      ELSE newest.action IS DISTINCT FROM 'review:decided' OR newest.metadata->>'outcome' = 'NEEDS_SECOND_READER' END
ORDER BY since, high.id
