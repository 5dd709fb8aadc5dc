-- Functions behind the event log. Installed after every migrate; erp/events/capture.py adds one capture function per table.

-- The clock of the record. seed_demo replaces it inside its own transaction; audit_doctor checks the body.
CREATE OR REPLACE FUNCTION erp_clock() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$ SELECT clock_timestamp() $$;

-- BEFORE INSERT OR UPDATE, each row: times and version belong to the database. A change of nothing raises nothing; a version
-- above the stored one (F("version") + 1) is a touch. Arguments: columns whose change is no change.
-- No SET clause: for a function that runs for every row it would cost more than all the rest.
CREATE OR REPLACE FUNCTION erp_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched boolean;
    changed boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.version := coalesce(NEW.version, 1);
        NEW.created_at := public.erp_clock();
        NEW.updated_at := NEW.created_at;
        RETURN NEW;
    END IF;
    touched := NEW.version > OLD.version;
    NEW.version := OLD.version;
    NEW.created_at := OLD.created_at;
    NEW.updated_at := OLD.updated_at;
    IF TG_NARGS = 0 THEN
        changed := NEW IS DISTINCT FROM OLD;
    ELSE
        changed := (to_jsonb(NEW) - TG_ARGV) IS DISTINCT FROM (to_jsonb(OLD) - TG_ARGV);
    END IF;
    IF touched OR changed THEN
        NEW.version := OLD.version + 1;
        NEW.updated_at := greatest(public.erp_clock(), OLD.updated_at + interval '1 microsecond');
    END IF;
    RETURN NEW;
END $$;

-- BEFORE UPDATE OR DELETE OR TRUNCATE, each statement: the record only grows. A test run empties its own database between
-- tests: that needs a database called test_… and the setting erp.test_flush, which only the test settings send.
CREATE OR REPLACE FUNCTION erp_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\_%'
            AND current_setting('erp.test_flush', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% on % refused: the record of changes is append-only.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'Correct a record by changing it again; both versions stay.';
END $$;

-- BEFORE INSERT on history tables, each statement: only the capture triggers write history.
CREATE OR REPLACE FUNCTION erp_history_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'INSERT on % refused: history is written by the capture triggers.', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege', HINT = 'Change the record itself.';
    END IF;
    RETURN NULL;
END $$;

-- What the record keeps of a secret: its SHA-256, which proves that it changed and to what.
CREATE OR REPLACE FUNCTION erp_secret(value jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value <> 'null'
                THEN jsonb_build_object('$secret', encode(sha256(convert_to(value #>> '{}', 'UTF8')), 'hex')) END
$$;

-- Domain events: [{aggregate_type, aggregate_id, object_type, object_id, category, event_type, schema_version, actor_id,
-- organization_id, partner_id, payload, expected_version}, …], in order. Raises ERP01 when an expected version does not hold.
CREATE OR REPLACE FUNCTION event_emit(items jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' SET jit = off AS $$
DECLARE
    context jsonb := coalesce(nullif(current_setting('erp.context', true), ''), '{}');
    item jsonb;
    stream event_stream;
    new_id bigint;
BEGIN
    FOR item IN SELECT value FROM jsonb_array_elements(items) LOOP
        INSERT INTO event_stream AS s (aggregate_type, aggregate_id, version, last_at)
        VALUES (item ->> 'aggregate_type', item ->> 'aggregate_id', 1, erp_clock())
        ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE
            SET version = s.version + 1, last_at = greatest(excluded.last_at, s.last_at + interval '1 microsecond')
        RETURNING * INTO stream;
        IF stream.version - 1 <> (item ->> 'expected_version')::bigint THEN
            RAISE EXCEPTION '% % is at version %, not %.', stream.aggregate_type, stream.aggregate_id,
                stream.version - 1, item ->> 'expected_version' USING ERRCODE = 'ERP01';
        END IF;
        INSERT INTO event (aggregate_type, aggregate_id, aggregate_version, object_type, object_id, category, event_type,
            schema_version, actor_id, actor_label, on_behalf_of, organization_id, partner_id, request_id, source, ip, reason,
            approval_id, payload, occurred_at)
        VALUES (stream.aggregate_type, stream.aggregate_id, stream.version, item ->> 'object_type', item ->> 'object_id',
            item ->> 'category', item ->> 'event_type', (item ->> 'schema_version')::smallint,
            coalesce(item ->> 'actor_id', context ->> 'actor_id')::uuid,
            CASE WHEN coalesce(item ->> 'actor_id', context ->> 'actor_id') = context ->> 'actor_id'
                 THEN coalesce(context ->> 'actor_label', '') ELSE '' END,
            (context ->> 'on_behalf_of')::uuid, (item ->> 'organization_id')::uuid, (item ->> 'partner_id')::uuid,
            coalesce(context ->> 'request_id', ''), coalesce(context ->> 'source', 'database'), coalesce(context ->> 'ip', ''),
            coalesce(context ->> 'reason', ''), (context ->> 'approval_id')::uuid, item -> 'payload', stream.last_at)
        RETURNING id INTO new_id;
        INSERT INTO event_pending (event_id, xid) VALUES (new_id, pg_current_xact_id());
    END LOOP;
END $$;

-- Numbers every committed event that has no position yet; returns the head. Call it before reading the feed, in a short
-- transaction at READ COMMITTED. The lock comes first, so that the next statement's snapshot sees all earlier numbering;
-- a transaction's events stay together, in order of each transaction's highest event id: a transaction that waited for
-- another one's row lock drew its ids there later, so the order of one aggregate's events is the order of its versions.
CREATE OR REPLACE FUNCTION event_sequence() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET jit = off AS $$
DECLARE
    head bigint;
    last_position bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('event_sequence'));
    SELECT coalesce(max(position), 0) INTO head FROM event_position;
    WITH ripe AS (DELETE FROM event_pending RETURNING event_id, xid),
    ranked AS (SELECT event_id, max(event_id) OVER (PARTITION BY xid) AS last_of_transaction FROM ripe),
    placed AS (
        INSERT INTO event_position (position, event_id)
        SELECT head + row_number() OVER (ORDER BY last_of_transaction, event_id), event_id FROM ranked
        RETURNING position
    )
    SELECT max(position) INTO last_position FROM placed;
    RETURN coalesce(last_position, head);
END $$;
