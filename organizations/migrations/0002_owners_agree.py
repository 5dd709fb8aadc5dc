from django.db import migrations

from organizations.constraints import OWNERS_AGREE, OWNERS_AGREE_REVERSE


class Migration(migrations.Migration):
    dependencies = [("organizations", "0001_initial")]
    operations = [migrations.RunSQL(OWNERS_AGREE, OWNERS_AGREE_REVERSE)]
