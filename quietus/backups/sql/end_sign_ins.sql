-- End every sign-in and token: this trail does not know which of them were ended after the backup.
-- A credential dies when an ending has a higher id than the one it was given out under, so the ids go on far beyond
-- any that the lost days can have used. Parameters: none.
SELECT setval(pg_get_serial_sequence('audit_logs', 'id'), coalesce(max(id), 0) + 1000000000) FROM audit_logs;
INSERT INTO audit_logs (action, resource_type, resource_id)
SELECT 'signin:ended_everywhere', 'user', id::text FROM users;
