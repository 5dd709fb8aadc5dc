-- Four eyes. Installed after every migrate; erp/approvals/guards.py adds the triggers, made from the models' declarations.

-- Whether guards are in force: always, except in a database called test_… while the test settings say otherwise. seed_demo
-- replaces this function inside its own transaction; audit_doctor checks the body.
CREATE OR REPLACE FUNCTION erp_four_eyes() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT NOT (current_database() LIKE 'test\_%' AND coalesce(current_setting('erp.four_eyes', true), '') = 'off') $$;

-- Who acts, as the context of this transaction says; null outside the application.
CREATE OR REPLACE FUNCTION erp_actor() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT (nullif(current_setting('erp.context', true), '')::jsonb ->> 'actor_id')::uuid $$;

-- Marks the approved request that a write fulfils as applied and returns its id, or null. `changed`: columns that the request
-- must name; `wanted_changes`: exactly these, null for a deletion.
CREATE OR REPLACE FUNCTION erp_fulfil(
    wanted_type text, wanted_id text, wanted_kind text, stored_version integer, changed text[], wanted_changes jsonb
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    found_id uuid;
BEGIN
    IF pg_trigger_depth() = 0 THEN
        RAISE EXCEPTION 'erp_fulfil() is for the guards alone: write the record itself.' USING ERRCODE = 'ERP02';
    END IF;
    SELECT r.id INTO found_id FROM approvals_changerequest r
    WHERE r.object_type = wanted_type AND r.object_id = wanted_id AND r.kind = wanted_kind AND r.status = 'approved'
        AND r.expires_at > erp_clock()
        AND (stored_version IS NULL OR r.base_version = stored_version)
        AND r.changes ?& changed AND (wanted_changes IS NULL OR r.changes = wanted_changes)
        AND (r.break_glass OR EXISTS (
            SELECT FROM approvals_approvaldecision d
            WHERE d.request_id = r.id AND d.verdict = 'approved' AND d.approver_id <> r.maker_id))
    ORDER BY r.id LIMIT 1 FOR NO KEY UPDATE OF r;
    IF found_id IS NOT NULL THEN
        UPDATE approvals_changerequest SET status = 'applied', applied_version = stored_version + 1 WHERE id = found_id;
    END IF;
    RETURN found_id;
END $$;

-- BEFORE UPDATE OR DELETE, each row whose guarded columns change. Arguments: object type, key column, guarded columns.
-- "status=blocked": a column that is guarded only while it holds this value.
CREATE OR REPLACE FUNCTION erp_guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    was jsonb := to_jsonb(OLD);
    is_now jsonb := to_jsonb(NEW);
    changed text[] := '{}';
    request uuid;
    proposed jsonb;
BEGIN
    IF NOT erp_four_eyes() THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF was -> TG_ARGV[1] IS DISTINCT FROM is_now -> TG_ARGV[1] THEN
            RAISE EXCEPTION 'Key of % refused: a record that needs approval keeps its key.', TG_TABLE_NAME USING ERRCODE = 'ERP02';
        END IF;
        changed := ARRAY(
            SELECT c FROM unnest(TG_ARGV[2:]) AS each, split_part(each, '=', 1) AS c
            WHERE was -> c IS DISTINCT FROM is_now -> c AND (each NOT LIKE '%=%' OR was ->> c = split_part(each, '=', 2))
            ORDER BY c);
        IF changed = '{}' THEN
            RETURN NEW;
        END IF;
        -- Exactly what was approved: the values of the request, read in the types of this table, leave the new row as it is.
        SELECT r.id, r.changes INTO request, proposed FROM approvals_changerequest r
        WHERE r.object_type = TG_ARGV[0] AND r.object_id = was ->> TG_ARGV[1] AND r.kind = 'update' AND r.status = 'approved'
            AND to_jsonb(jsonb_populate_record(NEW, erp_proposed(r.changes))) = is_now
        ORDER BY r.id LIMIT 1;
        request := CASE WHEN request IS NOT NULL THEN
            erp_fulfil(TG_ARGV[0], was ->> TG_ARGV[1], 'update', (was ->> 'version')::integer, changed, proposed) END;
    ELSE
        request := erp_fulfil(TG_ARGV[0], was ->> TG_ARGV[1], 'delete', (was ->> 'version')::integer, changed, NULL);
    END IF;
    IF request IS NULL THEN
        RAISE EXCEPTION '% of % refused: % needs the approval of a second person.', TG_OP, TG_TABLE_NAME,
            coalesce(nullif(array_to_string(changed, ', '), ''), 'the record')
            USING ERRCODE = 'ERP02', TABLE = TG_TABLE_NAME, COLUMN = coalesce(changed[1], ''),
                  HINT = 'Ask for the change; it takes effect when a colleague approves it.';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;

-- {column: new} of {column: [old, new]}.
CREATE OR REPLACE FUNCTION erp_proposed(changes jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT coalesce(jsonb_object_agg(key, value -> 1), '{}') FROM jsonb_each(changes) $$;

-- BEFORE INSERT, each row with values that are not harmless. Arguments: columns that must be harmless.
CREATE OR REPLACE FUNCTION erp_guard_new() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    taken boolean := true;
BEGIN
    IF NOT erp_four_eyes() THEN
        RETURN NEW;
    END IF;
    IF 'is_superuser' = ANY (TG_ARGV) THEN
        -- Somebody has to be the first.
        PERFORM pg_advisory_xact_lock(hashtext('erp.first_superuser'));
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE is_superuser)', TG_TABLE_NAME) INTO taken;
    END IF;
    IF taken THEN
        RAISE EXCEPTION 'INSERT into % refused: % of a new record needs the approval of a second person.', TG_TABLE_NAME,
            array_to_string(TG_ARGV, ', ')
            USING ERRCODE = 'ERP02', TABLE = TG_TABLE_NAME, COLUMN = TG_ARGV[0],
                  HINT = 'Enter the record without, then ask for the change.';
    END IF;
    RETURN NEW;
END $$;

-- BEFORE INSERT OR UPDATE OR DELETE on a user's roles and permissions, each row. Arguments: object type, owner's column, column.
CREATE OR REPLACE FUNCTION erp_guard_member() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    pair jsonb := to_jsonb(coalesce(NEW, OLD));
    value jsonb := pair -> TG_ARGV[2];
    request uuid;
BEGIN
    IF NOT erp_four_eyes() THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'INSERT' THEN
        request := erp_fulfil(TG_ARGV[0], pair ->> TG_ARGV[1], 'add', NULL, ARRAY[TG_ARGV[2]],
            jsonb_build_object(TG_ARGV[2], jsonb_build_array(NULL, value)));
    ELSIF TG_OP = 'DELETE' THEN
        request := erp_fulfil(TG_ARGV[0], pair ->> TG_ARGV[1], 'delete', NULL, ARRAY[TG_ARGV[2]],
            jsonb_build_object(TG_ARGV[2], jsonb_build_array(value, NULL)));
    END IF;
    IF request IS NULL THEN
        RAISE EXCEPTION '% of % refused: % of a user needs the approval of a second person.', TG_OP, TG_TABLE_NAME, TG_ARGV[2]
            USING ERRCODE = 'ERP02', TABLE = TG_TABLE_NAME, COLUMN = TG_ARGV[2],
                  HINT = 'Ask for the change; it takes effect when a colleague approves it.';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;

-- BEFORE any write to what roles may do, each statement: a release decides that (accounts/roles.py), nobody at the desk.
CREATE OR REPLACE FUNCTION erp_guard_release() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    context jsonb := coalesce(nullif(current_setting('erp.context', true), ''), '{}');
BEGIN
    IF erp_four_eyes() AND NOT coalesce(
        context ->> 'source' = 'command' AND context ->> 'reason' = 'Roles of this release' AND NOT context ? 'actor_id', false)
    THEN
        RAISE EXCEPTION '% of % refused: what a role may do comes with a release.', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'ERP02', TABLE = TG_TABLE_NAME, HINT = 'Give the person another role.';
    END IF;
    RETURN NULL;
END $$;

-- BEFORE INSERT OR UPDATE OR DELETE on requests, each row. "erp_request" sorts before erp_stamp: version and times come later.
CREATE OR REPLACE FUNCTION erp_request() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    own text[] := ARRAY['status', 'applied_version', 'reviewed_by_id', 'reviewed_at', 'review_comment', 'version', 'created_at',
                        'updated_at'];
    verdict text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'DELETE of a change request refused: it belongs to the record.' USING ERRCODE = 'ERP02',
            HINT = 'Withdraw or reject it.';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.maker_id IS DISTINCT FROM erp_actor() OR NEW.status <> 'pending' OR NEW.reviewed_by_id IS NOT NULL THEN
            RAISE EXCEPTION 'Change request refused: it begins as pending, and its maker is who acts.' USING ERRCODE = 'ERP02',
                HINT = 'Sign in and ask for the change.';
        END IF;
        IF NEW.break_glass AND NOT erp_holds(NEW.maker_id, NEW.organization_id, 'break_glass') THEN
            RAISE EXCEPTION 'Break-glass refused: the right to act alone is missing.' USING ERRCODE = 'ERP02',
                HINT = 'Ask for the change; it takes effect when a colleague approves it.';
        END IF;
        NEW.expires_at := erp_clock() + interval '7 days';
        NEW.applied_version := NULL;
        RETURN NEW;
    END IF;
    IF (to_jsonb(NEW) - own) IS DISTINCT FROM (to_jsonb(OLD) - own) THEN
        RAISE EXCEPTION 'UPDATE of change request % refused: what was asked for stays as it is.', OLD.id USING ERRCODE = 'ERP02',
            HINT = 'Withdraw it and ask again.';
    END IF;
    IF (NEW.reviewed_by_id, NEW.reviewed_at, NEW.review_comment)
            IS DISTINCT FROM (OLD.reviewed_by_id, OLD.reviewed_at, OLD.review_comment)
        AND (OLD.reviewed_by_id IS NOT NULL OR NEW.reviewed_by_id IS DISTINCT FROM erp_actor() OR OLD.status <> 'applied'
            OR btrim(NEW.review_comment) = '') THEN
        RAISE EXCEPTION 'Review of change request % refused: one review, by who acts, with a comment, of what is in force.', OLD.id
            USING ERRCODE = 'ERP02';
    END IF;
    IF NEW.status <> OLD.status THEN
        SELECT d.verdict INTO verdict FROM approvals_approvaldecision d WHERE d.request_id = OLD.id;
        IF NOT (CASE OLD.status || ' ' || NEW.status
            WHEN 'pending approved' THEN
                OLD.expires_at > erp_clock()
                AND (coalesce(verdict, '') = 'approved' OR (OLD.break_glass AND OLD.maker_id = erp_actor()))
            WHEN 'pending rejected' THEN coalesce(verdict, '') = 'rejected'
            WHEN 'pending withdrawn' THEN coalesce(OLD.maker_id = erp_actor(), false)
            WHEN 'pending expired' THEN OLD.expires_at <= erp_clock()
            WHEN 'approved expired' THEN OLD.expires_at <= erp_clock()
            WHEN 'pending conflict' THEN true
            WHEN 'approved applied' THEN pg_trigger_depth() > 1 OR NOT erp_four_eyes()
            ELSE false END)
        THEN
            RAISE EXCEPTION 'Change request % refused: it can''t go from % to %.', OLD.id, OLD.status, NEW.status
                USING ERRCODE = 'ERP02', HINT = 'Requests are decided once, by a second person, in seven days.';
        END IF;
    ELSIF NEW.applied_version IS DISTINCT FROM OLD.applied_version THEN
        RAISE EXCEPTION 'UPDATE of change request % refused: the guard says what was applied.', OLD.id USING ERRCODE = 'ERP02';
    END IF;
    RETURN NEW;
END $$;

-- BEFORE INSERT OR UPDATE on delegations, each row: by who is away; later only shorter.
CREATE OR REPLACE FUNCTION erp_delegation() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    own text[] := ARRAY['valid_to', 'is_active', 'version', 'created_at', 'updated_at'];
BEGIN
    IF TG_OP = 'INSERT' AND NEW.from_user_id IS DISTINCT FROM erp_actor() THEN
        RAISE EXCEPTION 'Delegation refused: only who is away gives it.' USING ERRCODE = 'ERP02', HINT = 'Ask the person.';
    ELSIF TG_OP = 'UPDATE' AND ((to_jsonb(NEW) - own) IS DISTINCT FROM (to_jsonb(OLD) - own)
            OR NEW.valid_to > OLD.valid_to OR (NEW.is_active AND NOT OLD.is_active)) THEN
        RAISE EXCEPTION 'Delegation refused: it can be shortened or ended only.' USING ERRCODE = 'ERP02',
            HINT = 'Enter a new one.';
    END IF;
    RETURN NEW;
END $$;

-- Whether `stand_in` decides for `away` today.
CREATE OR REPLACE FUNCTION erp_stands_in(stand_in uuid, away uuid) RETURNS boolean LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM approvals_delegation d
        WHERE d.to_user_id = stand_in AND d.from_user_id = away AND d.is_active
            AND (erp_clock() AT TIME ZONE 'Asia/Kolkata')::date BETWEEN d.valid_from AND d.valid_to)
$$;

-- BEFORE INSERT on decisions, each row: by who acts, in time, with the right to decide, own or lent, never for the own request.
CREATE OR REPLACE FUNCTION erp_decision() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    request approvals_changerequest;
    fact text;
BEGIN
    SELECT * INTO request FROM approvals_changerequest WHERE id = NEW.request_id FOR NO KEY UPDATE;
    fact := CASE
        WHEN request.status <> 'pending' THEN 'it is ' || request.status
        WHEN request.expires_at <= erp_clock() THEN 'it is too old'
        WHEN NEW.approver_id = request.maker_id OR NEW.on_behalf_of_id = request.maker_id THEN 'nobody decides their own request'
        WHEN NEW.approver_id IS DISTINCT FROM erp_actor() THEN 'the approver is who acts'
        WHEN erp_stands_in(NEW.approver_id, request.maker_id) THEN 'the maker lent you the right to decide'
        WHEN NEW.on_behalf_of_id IS NOT NULL AND NOT erp_stands_in(NEW.approver_id, NEW.on_behalf_of_id)
            THEN 'nobody lent you the right to decide today'
        WHEN NOT erp_is_active(NEW.approver_id) THEN 'the approver is not active'
        WHEN NOT erp_holds(coalesce(NEW.on_behalf_of_id, NEW.approver_id), request.organization_id, 'decide_changerequest')
            THEN 'the right to decide is missing'
    END;
    IF fact IS NOT NULL THEN
        RAISE EXCEPTION 'Decision on change request % refused: %.', NEW.request_id, fact USING ERRCODE = 'ERP02',
            HINT = 'Ask a colleague who may decide.';
    END IF;
    NEW.organization_id := request.organization_id;
    NEW.decided_at := erp_clock();
    RETURN NEW;
END $$;

-- Marks an approved request where guards are off, as no guard will.
CREATE OR REPLACE FUNCTION erp_mark_unguarded(request uuid) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF erp_four_eyes() THEN
        RAISE EXCEPTION 'erp_mark_unguarded() refused: guards are in force.' USING ERRCODE = 'ERP02';
    END IF;
    UPDATE approvals_changerequest SET status = 'applied' WHERE id = request AND status = 'approved';
END $$;
