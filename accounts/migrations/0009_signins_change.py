from django.db import migrations

from accounts.constraints import SIGNINS_CHANGE, SIGNINS_CHANGE_REVERSE


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_search"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("organizations", "0001_initial"),
        ("partners", "0001_initial"),
    ]
    operations = [migrations.RunSQL(SIGNINS_CHANGE, SIGNINS_CHANGE_REVERSE)]
