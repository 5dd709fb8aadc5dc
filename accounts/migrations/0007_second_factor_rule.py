from django.db import migrations

from accounts.constraints import KEY_IN_CIPHER, KEY_IN_CIPHER_REVERSE


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_second_factor_in_cipher")]
    operations = [migrations.RunSQL(KEY_IN_CIPHER, KEY_IN_CIPHER_REVERSE)]
