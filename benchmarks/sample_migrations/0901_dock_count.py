from django.db import migrations, models

from benchmarks.sample_migrations import LAST

DOCKS = models.IntegerField(null=True, blank=True)


class Migration(migrations.Migration):
    """Nullable, without a default: PostgreSQL only writes it down. The history table gets the same column."""

    dependencies = [("locations", LAST)]
    operations = [
        migrations.AddField("location", "dock_count", DOCKS),
        migrations.AddField("historicallocation", "dock_count", DOCKS),
    ]
