-- Which audit rows were written in this time, and what is the digest of each?
-- Parameters: since, until (timestamptz, half-open). Units: digest is 32 bytes of SHA-256.
-- Left out are user_id, which the seed sets to NULL when a person is erased, and metadata.note, blanked with them.
SELECT
    id,
    sha256(convert_to(jsonb_build_array(
        id,
        action,
        resource_type,
        resource_id,
        CASE WHEN jsonb_typeof(metadata) = 'object' THEN metadata - 'note' ELSE metadata END,
        to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    )::text, 'UTF8')) AS digest
FROM audit_logs
WHERE created_at >= :since AND created_at < :until
ORDER BY id
