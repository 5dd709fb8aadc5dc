from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper

from erp.search import SearchIndex


class Migration(migrations.Migration):
    atomic = False  # writers need not wait for the indexes

    dependencies = [("locations", "0002_relations")]
    operations = [
        AddIndexConcurrently(
            "location",
            SearchIndex(
                name="location_search", code="code", label="name", also=("aliases", "un_locode", "city"), opens=""
            ),
        ),
        AddIndexConcurrently(
            "location", models.Index(OpClass(Upper("code"), name="text_pattern_ops"), name="location_search_code")
        ),
        AddIndexConcurrently(
            "location", models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="location_search_name")
        ),
        RemoveIndexConcurrently("location", "location_name_trgm"),
    ]
