from django.db import migrations


class Migration(migrations.Migration):
    """After the release whose code no longer reads the column."""

    dependencies = [("locations", "0906_no_dock_count_index")]
    operations = [
        migrations.RemoveField("location", "dock_count"),
        migrations.RemoveField("historicallocation", "dock_count"),
    ]
