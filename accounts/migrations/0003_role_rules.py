from django.db import migrations

from accounts.constraints import ROLES_FIT_USER, ROLES_FIT_USER_REVERSE


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_relations")]
    operations = [migrations.RunSQL(ROLES_FIT_USER, ROLES_FIT_USER_REVERSE)]
