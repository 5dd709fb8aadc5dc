from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper

from erp.search import SearchIndex


class Migration(migrations.Migration):
    atomic = False  # writers need not wait for the indexes

    dependencies = [("organizations", "0002_owners_agree")]
    operations = [
        AddIndexConcurrently(
            "organization",
            SearchIndex(name="organization_search", code="code", label="name", also=("legal_name", "pan"), opens=""),
        ),
        AddIndexConcurrently(
            "organization",
            models.Index(OpClass(Upper("code"), name="text_pattern_ops"), name="organization_search_code"),
        ),
        AddIndexConcurrently(
            "organization",
            models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="organization_search_name"),
        ),
    ]
