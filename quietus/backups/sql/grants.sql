-- What the application's role may do, where there is one: as migrations 0002 and 0003 say. A test holds this file
-- against a database that was only migrated.
DO $$
DECLARE
    -- a backup of before migration 0003 has no such function; the migration then brings it with its rights
    notes regprocedure := to_regprocedure('public.audit_logs_blank_notes(uuid)');
    app boolean := EXISTS (SELECT FROM pg_roles WHERE rolname = 'quietus_app') AND current_user <> 'quietus_app';
BEGIN
    IF notes IS NOT NULL THEN
        REVOKE EXECUTE ON FUNCTION public.audit_logs_blank_notes(uuid) FROM PUBLIC;
    END IF;
    IF app THEN
        GRANT USAGE ON SCHEMA public TO quietus_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO quietus_app;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO quietus_app;
        REVOKE UPDATE, DELETE, TRUNCATE ON public.audit_logs FROM quietus_app;
        REVOKE INSERT, UPDATE, DELETE ON public.roles, public.alembic_version FROM quietus_app;
    END IF;
    IF app AND notes IS NOT NULL THEN
        GRANT EXECUTE ON FUNCTION public.audit_logs_blank_notes(uuid) TO quietus_app;
    END IF;
END $$;
