"""The six roles, an audit trail that only grows, the two extra indexes, and vacuum fit for append-mostly tables."""

from alembic import op

revision = "0002_roles_append_only_audit"
down_revision = "0001_seed_schema"

ROLES = """
INSERT INTO roles (name) VALUES ('USER'), ('CLINICIAN'), ('ANALYST'), ('AUDITOR'), ('ADMIN'), ('SERVICE')
ON CONFLICT (name) DO NOTHING
"""

# An UPDATE may do two things only: the seed's own ON DELETE SET NULL, seen by the user being gone already, and the
# blanking of a reviewer's free note. A DELETE is for the retention job alone, which runs as the owner of the table
# and names itself by quietus.retention. The application's role has neither privilege to begin with.
APPEND_ONLY = """
CREATE FUNCTION audit_logs_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.user_id IS NULL AND OLD.user_id IS NOT NULL
           AND (NEW.id, NEW.action, NEW.resource_type, NEW.created_at)
             = (OLD.id, OLD.action, OLD.resource_type, OLD.created_at)
           AND NEW.resource_id IS NOT DISTINCT FROM OLD.resource_id
           AND NEW.metadata IS NOT DISTINCT FROM OLD.metadata
           AND NOT EXISTS (SELECT FROM users WHERE id = OLD.user_id) THEN
            RETURN NEW;
        END IF;
        IF NEW.user_id IS NOT DISTINCT FROM OLD.user_id
           AND (NEW.id, NEW.action, NEW.resource_type, NEW.created_at)
             = (OLD.id, OLD.action, OLD.resource_type, OLD.created_at)
           AND NEW.resource_id IS NOT DISTINCT FROM OLD.resource_id
           AND OLD.metadata ? 'note' AND NEW.metadata = (OLD.metadata - 'note') THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'DELETE' AND current_setting('quietus.retention', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'audit_logs is append-only (% refused)', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE ON audit_logs
    FOR EACH ROW EXECUTE FUNCTION audit_logs_append_only();
CREATE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON audit_logs
    FOR EACH STATEMENT EXECUTE FUNCTION audit_logs_append_only();
"""

INDEXES = """
CREATE INDEX ix_audit_logs_resource ON audit_logs (resource_type, resource_id, created_at DESC);
CREATE INDEX ix_audit_logs_action_created_at ON audit_logs (action, created_at);
"""

# Index-only scans need a fresh visibility map; these tables grow by inserts, which the defaults vacuum too rarely.
# analysis_records is updated once per row (PENDING to its outcome), so dead rows are vacuumed early as well.
VACUUM = """
ALTER TABLE analysis_records SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_analyze_scale_factor = 0.02, fillfactor = 90);
ALTER TABLE video_analysis_events SET (autovacuum_vacuum_insert_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE audit_logs SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
"""

# Where the application has a role of its own (the embedded server; docs/operating.md for others), it may add audit
# rows and read them, nothing more.
GRANTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'quietus_app') AND current_user <> 'quietus_app' THEN
        GRANT USAGE ON SCHEMA public TO quietus_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO quietus_app;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO quietus_app;
        REVOKE UPDATE, DELETE, TRUNCATE ON audit_logs FROM quietus_app;
        REVOKE INSERT, UPDATE, DELETE ON roles, alembic_version FROM quietus_app;
    END IF;
END $$;
"""


def upgrade() -> None:
    op.execute(ROLES)
    op.execute(APPEND_ONLY)
    op.execute(INDEXES)
    op.execute(VACUUM)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_logs_no_truncate ON audit_logs")
    op.execute("DROP TRIGGER audit_logs_append_only ON audit_logs")
    op.execute("DROP FUNCTION audit_logs_append_only()")
    op.execute("DROP INDEX ix_audit_logs_resource")
    op.execute("DROP INDEX ix_audit_logs_action_created_at")
    op.execute(
        "ALTER TABLE analysis_records RESET (autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_scale_factor, "
        "autovacuum_analyze_scale_factor, fillfactor)"
    )
    for table in ("video_analysis_events", "audit_logs"):
        op.execute(
            f"ALTER TABLE {table} RESET (autovacuum_vacuum_insert_scale_factor, autovacuum_analyze_scale_factor)"
        )
    # users keep their roles through the name when 0002 runs again: only roles that nobody has are removed
    op.execute("DELETE FROM roles WHERE NOT EXISTS (SELECT FROM user_roles WHERE role_id = roles.id)")
