from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # writers need not wait for the index

    dependencies = [("partners", "0006_search")]
    operations = [
        AddIndexConcurrently(
            "businesspartner", models.Index(fields=("legal_name", "id"), name="businesspartner_order")
        ),
    ]
