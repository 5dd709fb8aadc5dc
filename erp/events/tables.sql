-- The event log. Run once, by migration 0001.

CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT event_id_unique UNIQUE,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    aggregate_version bigint NOT NULL,
    object_type text NOT NULL,
    object_id text NOT NULL,
    category text NOT NULL CONSTRAINT event_category_known
        CHECK (category IN ('row', 'domain', 'access', 'security', 'approval', 'privacy', 'system')),
    event_type text NOT NULL,
    schema_version smallint NOT NULL DEFAULT 1,
    actor_id uuid,
    actor_label text NOT NULL DEFAULT '',
    on_behalf_of uuid,
    organization_id uuid,
    partner_id uuid,
    request_id text NOT NULL DEFAULT '',
    source text NOT NULL,
    ip text NOT NULL DEFAULT '',
    db_role text NOT NULL DEFAULT session_user,
    reason text NOT NULL DEFAULT '',
    approval_id uuid,
    payload jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    history_table text NOT NULL DEFAULT '',
    history_id bigint,
    CONSTRAINT event_aggregate_version_unique UNIQUE (aggregate_type, aggregate_id, aggregate_version)
);
CREATE INDEX event_object ON event (object_type, object_id, id);
CREATE INDEX event_organization_time ON event (organization_id, occurred_at DESC, id DESC);
CREATE INDEX event_partner_time ON event (partner_id, occurred_at DESC, id DESC) WHERE partner_id IS NOT NULL;
CREATE INDEX event_actor_time ON event (actor_id, occurred_at DESC, id DESC);
CREATE INDEX event_type_time ON event (event_type, occurred_at DESC, id DESC);
CREATE INDEX event_request ON event (request_id) WHERE request_id <> '';
CREATE INDEX event_recorded ON event USING brin (recorded_at);

-- Newest version of each aggregate. Its row lock puts two transactions on one aggregate in order.
CREATE TABLE event_stream (
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    version bigint NOT NULL,
    last_at timestamptz NOT NULL,
    CONSTRAINT event_stream_pkey PRIMARY KEY (aggregate_type, aggregate_id)
) WITH (fillfactor = 70);

-- Committed or not: what event_sequence() has still to number.
CREATE TABLE event_pending (
    event_id bigint CONSTRAINT event_pending_pkey PRIMARY KEY,
    xid xid8 NOT NULL
);

CREATE TABLE event_position (
    position bigint CONSTRAINT event_position_pkey PRIMARY KEY CONSTRAINT event_position_positive CHECK (position > 0),
    event_id bigint NOT NULL CONSTRAINT event_position_event_unique UNIQUE
);
