-- Refuse, and so undo, a load that did not bring as many rows as the backup was made of.
-- Setting: quietus.expected, a JSON object {table: rows}.
DO $$
DECLARE
    each record;
    found bigint;
BEGIN
    FOR each IN SELECT key, value::bigint AS rows FROM json_each_text(current_setting('quietus.expected')::json)
    LOOP
        EXECUTE format('SELECT count(*) FROM public.%I', each.key) INTO found;
        IF found <> each.rows THEN
            RAISE EXCEPTION '% holds % rows instead of %', each.key, found, each.rows;
        END IF;
    END LOOP;
END $$;
