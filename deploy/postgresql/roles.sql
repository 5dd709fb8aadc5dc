-- The three roles of an installation. Run once on a new server by its superuser; running it again changes nothing.
-- Passwords are set apart from it (deploy/postgresql/init.sh). docs/adr/0026-three-database-roles.md says why.
DO $$
BEGIN
    -- Two installations on one server may start at the same time.
    PERFORM pg_advisory_xact_lock(hashtext('erp_roles'));
    -- Owns the database and everything in it: migrations, and nothing else.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'erp_owner') THEN
        CREATE ROLE erp_owner LOGIN;
    END IF;
    -- Web and worker: owns nothing. `manage.py grant_roles` says what it may do.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'erp_app') THEN
        CREATE ROLE erp_app LOGIN;
    END IF;
    -- Backups, reports, auditors: reads.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'erp_auditor') THEN
        CREATE ROLE erp_auditor LOGIN;
    END IF;
END $$;
ALTER ROLE erp_owner NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE erp_app NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE erp_auditor NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE erp_auditor SET default_transaction_read_only = on;
-- A client that went away must not hold locks; a migration waits in line for a moment, not for ever.
ALTER ROLE erp_app SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE erp_owner SET lock_timeout = '5s';
