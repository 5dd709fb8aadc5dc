"""Index that finds the highest code of deleted partners: numbering goes on after it."""

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False  # CONCURRENTLY

    dependencies = [("partners", "0003_place_labels")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS historicalbusinesspartner_deleted_code "
            "ON partners_historicalbusinesspartner (organization_id, partner_code) WHERE history_type = '-'",
            "DROP INDEX CONCURRENTLY IF EXISTS historicalbusinesspartner_deleted_code",
        ),
    ]
