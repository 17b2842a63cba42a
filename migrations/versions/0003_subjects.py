"""Who read a person's words, found by an index; and an erased person leaves neither notes nor samples behind."""

from alembic import op

revision = "0003_subjects"
down_revision = "0002_roles_append_only_audit"

# Only readings and decisions: the rows of the intake, which are the many, cost nothing more.
ACTIONS = (
    "'analysis:viewed', 'video_session:viewed', 'subject:viewed', 'subject:searched', 'subject:exported', "
    "'review:decided'"
)

INDEX = f"""
CREATE INDEX ix_audit_logs_subject ON audit_logs ((metadata ->> 'subject_id'), created_at DESC)
    WHERE action IN ({ACTIONS})
"""

# The application's role may not update audit rows. This does the one update that an erasure needs, as the owner, and
# only for a person who has no row any more.
BLANK_NOTES = f"""
CREATE FUNCTION audit_logs_blank_notes(subject uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    blanked bigint;
BEGIN
    IF EXISTS (SELECT FROM users WHERE id = subject) THEN
        RAISE EXCEPTION 'this person is not erased' USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE audit_logs SET metadata = metadata - 'note'
     WHERE metadata ->> 'subject_id' = subject::text AND action IN ({ACTIONS}) AND metadata ? 'note';
    GET DIAGNOSTICS blanked = ROW_COUNT;
    RETURN blanked;
END $$;
REVOKE EXECUTE ON FUNCTION audit_logs_blank_notes(uuid) FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'quietus_app') THEN
        GRANT EXECUTE ON FUNCTION audit_logs_blank_notes(uuid) TO quietus_app;
    END IF;
END $$;
"""

# ANALYZE copies values of each column into pg_statistic, where an erased person's words would outlive their row. No
# query filters by the text; e-mail has its unique index. Setting the same type anew drops the samples taken so far.
PRIVATE_COLUMNS = (
    ("analysis_records", "input_text", "text"),
    ("users", "email", "varchar(255)"),
    ("users", "full_name", "varchar(120)"),
    ("users", "password_hash", "varchar(255)"),
)


def upgrade() -> None:
    op.execute(INDEX)
    op.execute(BLANK_NOTES)
    for table, column, kind in PRIVATE_COLUMNS:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind}")


def downgrade() -> None:
    for table, column, _ in PRIVATE_COLUMNS:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS -1")
    op.execute("DROP FUNCTION audit_logs_blank_notes(uuid)")
    op.execute("DROP INDEX ix_audit_logs_subject")
