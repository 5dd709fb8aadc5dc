from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # writers need not wait for the index

    dependencies = [("commodities", "0005_percent_in_words")]
    operations = [
        AddIndexConcurrently("commodity", models.Index(fields=("name", "id"), name="commodity_order")),
    ]
