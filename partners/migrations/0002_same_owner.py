from django.db import migrations

from partners.constraints import FORWARD, REVERSE


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
