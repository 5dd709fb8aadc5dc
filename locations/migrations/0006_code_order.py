from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # writers need not wait for the index

    dependencies = [("locations", "0005_subdivision_order")]
    operations = [
        AddIndexConcurrently("location", models.Index(fields=("code", "id"), name="location_code_order")),
    ]
