from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # writers need not wait for the index

    dependencies = [("locations", "0003_search")]
    operations = [
        AddIndexConcurrently("location", models.Index(fields=("kind", "name"), name="location_kind_order")),
    ]
