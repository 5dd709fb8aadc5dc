from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # writers need not wait for the index

    dependencies = [("locations", "0004_kind_order")]
    operations = [
        AddIndexConcurrently(
            "location", models.Index(fields=("subdivision", "name"), name="location_subdivision_order")
        ),
    ]
