from pathlib import Path

from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations

TABLES = (Path(__file__).parent.parent / "tables.sql").read_text()


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        BtreeGistExtension(),  # exclusion constraints over a key and a date range
        TrigramExtension(),  # search in the middle of names
        migrations.RunSQL(TABLES, "DROP TABLE event_position, event_pending, event_stream, event"),
    ]
