-- Put the tables of a desk, with their sequences, and its functions into a schema of their own, rows and all.
-- Setting: quietus.expected, a JSON object with a key for each table.
DO $$
DECLARE
    each record;
BEGIN
    CREATE SCHEMA before_restore;
    FOR each IN
        SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
          AND (relname = 'alembic_version'
               OR relname IN (SELECT json_object_keys(current_setting('quietus.expected')::json)))
    LOOP
        EXECUTE format('ALTER TABLE public.%I SET SCHEMA before_restore', each.relname);
    END LOOP;
    FOR each IN
        SELECT oid::regprocedure AS signature FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND starts_with(proname, 'audit_logs_')
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET SCHEMA before_restore', each.signature);
    END LOOP;
END $$;
