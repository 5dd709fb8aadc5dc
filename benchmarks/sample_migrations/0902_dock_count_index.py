from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # writers need not wait for the index

    dependencies = [("locations", "0901_dock_count")]
    operations = [AddIndexConcurrently("location", models.Index(fields=["dock_count"], name="location_dock_count"))]
