-- Stores texts as PENDING, each with the audit row of its acceptance; answers the request_ids that were new.
-- One statement for both: half the way to the server and back, and no row of the one without the other (D3).
-- Lists of equal length: row_ids, user_ids, texts, sources, request_ids; besides: actor_id, moment.
WITH given AS (
    SELECT *
    FROM unnest(
        CAST(:row_ids AS uuid[]), CAST(:user_ids AS uuid[]), CAST(:texts AS text[]), CAST(:sources AS text[]),
        CAST(:request_ids AS uuid[])
    ) AS given (id, user_id, input_text, source, request_id)
),
stored AS (
    INSERT INTO analysis_records (
        id, user_id, input_text, source, predicted_label, confidence, model_version, ai_processing_ms, submitted_at,
        analyzed_at, request_id
    )
    SELECT
        id, user_id, input_text, source, 'PENDING', 0, 'pending', 0, CAST(:moment AS timestamptz),
        CAST(:moment AS timestamptz), request_id
    FROM given
    -- one order of keys for everybody: two batches that share keys wait for each other instead of deadlocking
    ORDER BY request_id
    ON CONFLICT (request_id) DO NOTHING
    RETURNING id, user_id, source, request_id
),
told AS (
    INSERT INTO audit_logs (user_id, action, resource_type, resource_id, metadata)
    SELECT
        CAST(:actor_id AS uuid), 'analysis:accepted', 'analysis', CAST(id AS text),
        jsonb_build_object('request_id', request_id, 'source', source, 'subject_id', user_id)
    FROM stored
)
SELECT request_id FROM stored
