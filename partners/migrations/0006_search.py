from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Upper

from erp.search import SearchIndex


class Migration(migrations.Migration):
    atomic = False  # writers need not wait for the indexes

    dependencies = [("partners", "0005_files_by_content")]
    operations = [
        AddIndexConcurrently(
            "businesspartner",
            SearchIndex(
                name="businesspartner_search",
                code="partner_code",
                label="legal_name",
                also=("trade_name", "pan", "lei", "iec"),
                opens="",
            ),
        ),
        AddIndexConcurrently(
            "businesspartner",
            models.Index(OpClass(Upper("partner_code"), name="text_pattern_ops"), name="businesspartner_search_code"),
        ),
        AddIndexConcurrently(
            "businesspartner",
            models.Index(OpClass(Upper("legal_name"), name="text_pattern_ops"), name="businesspartner_search_name"),
        ),
        AddIndexConcurrently(
            "partnertaxregistration",
            SearchIndex(name="partnertax_search", code="number", label="legal_name", also=(), opens="partner"),
        ),
        AddIndexConcurrently(
            "partnertaxregistration",
            models.Index(OpClass(Upper("number"), name="text_pattern_ops"), name="partnertax_search_code"),
        ),
        AddIndexConcurrently(
            "partnertaxregistration",
            models.Index(OpClass(Upper("legal_name"), name="text_pattern_ops"), name="partnertax_search_name"),
        ),
        RemoveIndexConcurrently("businesspartner", "businesspartner_legal_trgm"),
        RemoveIndexConcurrently("businesspartner", "businesspartner_trade_trgm"),
    ]
