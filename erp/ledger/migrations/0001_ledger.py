from pathlib import Path

from django.db import migrations

TABLES = (Path(__file__).parent.parent / "tables.sql").read_text()


class Migration(migrations.Migration):
    initial = True
    dependencies = [("events", "0001_event_log")]
    operations = [
        migrations.RunSQL(
            TABLES,
            "DROP TABLE ledger_salt, ledger_delivery, ledger_head, ledger_key, ledger_node, ledger_leaf",
        )
    ]
