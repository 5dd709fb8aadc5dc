from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper

from erp.search import SearchIndex


class Migration(migrations.Migration):
    atomic = False  # writers need not wait for the indexes

    dependencies = [("accounts", "0007_second_factor_rule")]
    operations = [
        AddIndexConcurrently(
            "user", SearchIndex(name="user_search", code="email", label="full_name", also=("mobile",), opens="")
        ),
        AddIndexConcurrently(
            "user", models.Index(OpClass(Upper("email"), name="text_pattern_ops"), name="user_search_code")
        ),
        AddIndexConcurrently(
            "user", models.Index(OpClass(Upper("full_name"), name="text_pattern_ops"), name="user_search_name")
        ),
    ]
