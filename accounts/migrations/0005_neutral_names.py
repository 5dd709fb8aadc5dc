import django.db.models.functions.text
from django.db import migrations, models

import erp.identifiers

REFUSED = "can't be used here. Ask the person for another one, or ask support."


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_sessions_end")]
    operations = [
        migrations.AlterField(
            model_name="user",
            name="mobile",
            field=erp.identifiers.IdentifierField(
                blank=True,
                help_text="Login, with country code. Example: +919812345678",
                max_length=16,
                null=True,
                separators=" -.",
                validators=[erp.identifiers.validate_e164],
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                fields=("mobile",),
                name="user_mobile_unique",
                violation_error_message=f"This mobile number {REFUSED}",
            ),
        ),
        migrations.AlterConstraint(
            model_name="user",
            name="user_email_unique",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"),
                name="user_email_unique",
                violation_error_message=f"This email address {REFUSED}",
            ),
        ),
    ]
