-- What the roles that own nothing may do. `manage.py grant_roles` runs it as the owner, after every migrate, in one
-- transaction: a running application never sees the moment between taking and giving. It reads the catalogue, so that a new
-- table needs no line here. Settings: erp.app_role, erp.auditor_role.
DO $grant$
DECLARE
    app text := quote_ident(current_setting('erp.app_role'));
    they text := app || ', ' || quote_ident(current_setting('erp.auditor_role'));
    base text := quote_ident(current_database());
    made record;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %s FROM PUBLIC, %s', base, they);
    EXECUTE format('GRANT CONNECT ON DATABASE %s TO %s', base, they);
    EXECUTE format('GRANT TEMPORARY ON DATABASE %s TO %s', base, app); -- erp/bulk.py
    EXECUTE format('REVOKE ALL ON SCHEMA public FROM PUBLIC, %s', they);
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %s', they);

    FOR made IN
        SELECT c.oid::regclass AS name, CASE
            -- Written by the functions of the record alone, which run as the owner.
            WHEN relname IN ('event', 'event_stream', 'event_pending', 'event_position') THEN 'SELECT'
            WHEN EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'erp_history_guard') THEN 'SELECT'
            -- A release decides them.
            WHEN relname IN ('django_migrations', 'django_content_type', 'auth_permission', 'auth_group',
                             'auth_group_permissions') OR relkind IN ('v', 'm') THEN 'SELECT'
            WHEN EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'erp_append_only') THEN 'SELECT, INSERT'
            WHEN relname = 'ledger_key' THEN 'SELECT, INSERT, UPDATE'
            ELSE 'SELECT, INSERT, UPDATE, DELETE' END AS rights
        FROM pg_class c
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
          AND relowner = current_user::regrole
    LOOP
        EXECUTE format('REVOKE ALL ON TABLE %s FROM PUBLIC, %s', made.name, they);
        EXECUTE format('GRANT SELECT ON TABLE %s TO %s', made.name, they);
        EXECUTE format('GRANT %s ON TABLE %s TO %s', made.rights, made.name, app);
    END LOOP;

    -- Numbers of a table into which the application inserts. SELECT is what pg_dump needs; UPDATE would set them back.
    FOR made IN
        SELECT c.oid::regclass AS name, has_table_privilege(current_setting('erp.app_role'), d.refobjid, 'INSERT') AS inserts
        FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S' AND c.relowner = current_user::regrole
    LOOP
        EXECUTE format('REVOKE ALL ON SEQUENCE %s FROM PUBLIC, %s', made.name, they);
        EXECUTE format('GRANT SELECT ON SEQUENCE %s TO %s', made.name, they);
        IF made.inserts THEN
            EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %s', made.name, app);
        END IF;
    END LOOP;

    -- A trigger needs no right to call its function, but whoever has it can put the function on a temporary table of their own:
    -- a capture function would then write, as the owner, what never happened.
    FOR made IN
        SELECT p.oid::regprocedure AS name,
               prorettype <> 'trigger'::regtype AND (NOT prosecdef OR proname IN ('event_emit', 'event_sequence')) AS calls
        FROM pg_proc p
        WHERE pronamespace = 'public'::regnamespace AND proowner = current_user::regrole
          AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND classid = 'pg_proc'::regclass AND deptype = 'e')
    LOOP
        EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC, %s', made.name, they);
        IF made.calls THEN
            EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO %s', made.name, app);
        END IF;
    END LOOP;

    -- What the next migration makes is closed until this ran again.
    ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC;
END $grant$;
