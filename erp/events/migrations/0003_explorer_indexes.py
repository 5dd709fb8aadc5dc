from django.db import migrations

# What the audit log is filtered by, each in the order in which it is read: newest first (docs/adr/0019). Partial where most
# rows are no use to the filter, so that they don't pay for it.
INDEXES = {
    "event_time": "(occurred_at DESC, id DESC)",
    "event_object_time": "(object_type, occurred_at DESC, id DESC)",
    "event_kind_time": "(event_type, occurred_at DESC, id DESC) WHERE category <> 'row'",
    "event_category_time": "(category, occurred_at DESC, id DESC) WHERE category <> 'row'",
    "event_source_time": "(source, occurred_at DESC, id DESC) WHERE source NOT IN ('admin', 'api', 'import')",
    "event_deleted_time": "(occurred_at DESC, id DESC) WHERE event_type LIKE '%.deleted'",
    "event_no_reason_time": "(occurred_at DESC, id DESC) WHERE reason = '' AND category = 'row'",
}
# Row events are found by the type of their object; the others by event_kind_time.
REPLACED = "(event_type, occurred_at DESC, id DESC)"


def create(name: str, columns: str) -> str:
    return f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON event {columns}"


def drop(name: str) -> str:
    return f"DROP INDEX CONCURRENTLY IF EXISTS {name}"


class Migration(migrations.Migration):
    atomic = False  # an index that is built beside its writers has no transaction

    dependencies = [("events", "0002_read_models")]
    operations = [
        *(migrations.RunSQL(create(name, columns), drop(name)) for name, columns in INDEXES.items()),
        migrations.RunSQL(drop("event_type_time"), create("event_type_time", REPLACED)),
    ]
