from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper

from erp.search import SearchIndex


class Migration(migrations.Migration):
    atomic = False  # writers need not wait for the indexes

    dependencies = [("commodities", "0003_unit_dimensions")]
    operations = [
        AddIndexConcurrently(
            "commodity", SearchIndex(name="commodity_search", code="code", label="name", also=("hs_code",), opens="")
        ),
        AddIndexConcurrently(
            "commodity", models.Index(OpClass(Upper("code"), name="text_pattern_ops"), name="commodity_search_code")
        ),
        AddIndexConcurrently(
            "commodity", models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="commodity_search_name")
        ),
        AddIndexConcurrently(
            "commodityvariety",
            SearchIndex(name="commodityvariety_search", code="code", label="name", also=(), opens=""),
        ),
        AddIndexConcurrently(
            "commodityvariety",
            models.Index(OpClass(Upper("code"), name="text_pattern_ops"), name="commodityvariety_search_code"),
        ),
        AddIndexConcurrently(
            "commodityvariety",
            models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="commodityvariety_search_name"),
        ),
        RemoveIndexConcurrently("commodity", "commodity_name_trgm"),
    ]
