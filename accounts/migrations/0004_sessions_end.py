from django.db import migrations

from accounts.constraints import SESSIONS_END, SESSIONS_END_REVERSE


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_role_rules")]
    operations = [migrations.RunSQL(SESSIONS_END, SESSIONS_END_REVERSE)]
