from pathlib import Path

from django.db import migrations

FORWARD = (Path(__file__).parent.parent / "unit_dimensions.sql").read_text()
REVERSE = "DROP FUNCTION commodity_one_dimension() CASCADE; DROP FUNCTION unit_dimension_fixed() CASCADE"


class Migration(migrations.Migration):
    dependencies = [("commodities", "0002_relations")]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
