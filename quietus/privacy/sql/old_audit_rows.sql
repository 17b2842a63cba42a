-- Which audit rows of a day may go?
-- Parameters: since, until (timestamptz, half-open: the day); long_before (timestamptz: what sign-ins and tokens are
-- judged by, and receipts of erasures, stay until then); batch (rows; NULL for all).
-- Not here: acceptances and erasures of texts, which go in pairs (old_ledger_rows.sql); seals and what retention notes
-- (old_seals.sql).
SELECT row.id
FROM audit_logs AS row
WHERE row.created_at >= :since AND row.created_at < :until
  AND row.action NOT IN ('analysis:accepted', 'analysis:erased', 'audit:sealed', 'retention:applied')
  AND NOT (
      row.created_at >= :long_before
      AND row.action IN ('signin:ended', 'signin:ended_everywhere', 'token:issued', 'token:revoked', 'password:changed',
                         'password:reset', 'user:deactivated', 'subject:erased'))
  -- what was decided and noted about a text or session stays as long as the text or session
  AND NOT (row.resource_type = 'analysis' AND EXISTS (
      SELECT FROM analysis_records AS text
      WHERE text.id = CASE WHEN row.resource_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                           THEN row.resource_id::uuid END))
  AND NOT (row.resource_type = 'video_session' AND EXISTS (
      SELECT FROM video_sessions AS session
      WHERE session.id = CASE WHEN row.resource_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                              THEN row.resource_id::uuid END))
  -- consents, waiting erasures and opt-outs are how things stand, for as long as there is the account
  AND NOT (
      row.action IN ('consent:given', 'consent:withdrawn', 'subject:erasure_proposed', 'subject:erasure_requested',
                     'subject:erasure_cancelled', 'summary:muted', 'summary:unmuted', 'signin:linked',
                     'signin:unlinked')
      AND EXISTS (SELECT FROM users WHERE users.id::text = row.resource_id))
  -- the newest row about an alert says how it stands
  AND NOT (row.action = 'alert:changed' AND NOT EXISTS (
      SELECT FROM audit_logs AS later
      WHERE later.resource_type = row.resource_type AND later.resource_id = row.resource_id
        AND later.action = row.action AND later.id > row.id))
  -- since when an endpoint is told: without it, it would be a new one
  AND row.action <> 'webhook:added'
ORDER BY row.id
LIMIT :batch
