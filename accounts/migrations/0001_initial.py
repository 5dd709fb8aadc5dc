import django.contrib.postgres.fields
import django.db.models.functions.text
import django.utils.timezone
import erp.identifiers
import erp.models
import simple_history.models
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("events", "0001_event_log"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.UUIDField(default=erp.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ("version", erp.models.VersionField(default=1, editable=False)),
                ("created_at", erp.models.TimestampField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", erp.models.TimestampField(default=django.utils.timezone.now, editable=False)),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Inactive records stay readable but can't be chosen in new documents. Deactivate instead of deleting.",
                        verbose_name="active",
                    ),
                ),
                ("name", models.CharField(help_text="What uses the key. Example: Weighbridge Rajkot", max_length=100)),
                (
                    "prefix",
                    models.CharField(
                        editable=False, help_text="Public part by which it is found.", max_length=32, unique=True
                    ),
                ),
                ("sha256", models.CharField(editable=False, max_length=64, unique=True, verbose_name="SHA-256")),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        help_text="Parts of the API that it may use, by comma; empty: all that its user may. Example: commodities,locations",
                        size=None,
                    ),
                ),
                (
                    "allowed_ips",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.GenericIPAddressField(),
                        blank=True,
                        default=list,
                        help_text="Addresses that it may come from, by comma; empty: any. Example: 203.0.113.7",
                        size=None,
                        verbose_name="allowed IP addresses",
                    ),
                ),
                ("expires_at", models.DateTimeField(help_text="After this moment the key opens nothing.")),
                ("last_used_at", models.DateTimeField(editable=False, null=True)),
                ("revoked_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "API key",
                "ordering": ("name",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                        name="apikey_sha256_format",
                        violation_error_message="An API key is stored as its SHA-256 in hex.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AuthSession",
            fields=[
                ("id", models.UUIDField(default=erp.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("web", "Desk"), ("api", "API")], max_length=3)),
                ("current_jti", models.UUIDField(editable=False, null=True, verbose_name="current token")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="signed in at")),
                ("last_seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ip", models.GenericIPAddressField(blank=True, null=True, verbose_name="IP address")),
                ("user_agent", models.CharField(blank=True, max_length=300)),
                ("device_label", models.CharField(blank=True, max_length=100, verbose_name="device")),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                (
                    "revoke_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("logout", "Signed out"),
                            ("logout_all", "Signed out everywhere"),
                            ("password", "Password changed"),
                            ("reuse", "Old refresh token used"),
                            ("deactivated", "User deactivated"),
                            ("admin", "Ended by an administrator"),
                        ],
                        max_length=12,
                        verbose_name="reason",
                    ),
                ),
            ],
            options={
                "verbose_name": "sign-in",
                "ordering": ("-created_at",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("revoke_reason", ""), ("revoked_at__isnull", True)),
                            models.Q(("revoked_at__isnull", False), models.Q(("revoke_reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="authsession_end_has_reason",
                        violation_error_message="An ended sign-in has a reason, an open one has none.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["web", "api"])),
                        name="authsession_kind_known",
                        violation_error_message="The kind must be one of: Desk, API.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "revoke_reason__in",
                                ["logout", "logout_all", "password", "reuse", "deactivated", "admin", ""],
                            )
                        ),
                        name="authsession_revoke_reason_known",
                        violation_error_message="The reason must be one of: Signed out, Signed out everywhere, Password changed, Old refresh token used, User deactivated, Ended by an administrator.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalApiKey",
            fields=[
                ("id", models.UUIDField(default=erp.models.uuid7, editable=False)),
                ("version", erp.models.VersionField(default=1, editable=False)),
                ("created_at", erp.models.TimestampField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", erp.models.TimestampField(default=django.utils.timezone.now, editable=False)),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Inactive records stay readable but can't be chosen in new documents. Deactivate instead of deleting.",
                        verbose_name="active",
                    ),
                ),
                ("history_user_id", models.UUIDField(null=True)),
                ("history_change_reason", models.TextField(null=True)),
                ("name", models.CharField(help_text="What uses the key. Example: Weighbridge Rajkot", max_length=100)),
                (
                    "prefix",
                    models.CharField(editable=False, help_text="Public part by which it is found.", max_length=32),
                ),
                ("sha256", models.CharField(editable=False, max_length=64, verbose_name="SHA-256")),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        help_text="Parts of the API that it may use, by comma; empty: all that its user may. Example: commodities,locations",
                        size=None,
                    ),
                ),
                (
                    "allowed_ips",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.GenericIPAddressField(),
                        blank=True,
                        default=list,
                        help_text="Addresses that it may come from, by comma; empty: any. Example: 203.0.113.7",
                        size=None,
                        verbose_name="allowed IP addresses",
                    ),
                ),
                ("expires_at", models.DateTimeField(help_text="After this moment the key opens nothing.")),
                ("revoked_at", models.DateTimeField(editable=False, null=True)),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical API key",
                "verbose_name_plural": "historical API keys",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="accounts_hi_id_97f34f_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="accounts_hi_id_7f70f8_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalUser",
            fields=[
                ("id", models.UUIDField(default=erp.models.uuid7, editable=False)),
                ("version", erp.models.VersionField(default=1, editable=False)),
                ("created_at", erp.models.TimestampField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", erp.models.TimestampField(default=django.utils.timezone.now, editable=False)),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Inactive records stay readable but can't be chosen in new documents. Deactivate instead of deleting.",
                        verbose_name="active",
                    ),
                ),
                ("history_user_id", models.UUIDField(null=True)),
                ("history_change_reason", models.TextField(null=True)),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        blank=True,
                        help_text="Login, any case. Example: asha.patel@example.com",
                        max_length=254,
                        null=True,
                        verbose_name="email address",
                    ),
                ),
                (
                    "mobile",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Login, with country code. Example: +919812345678",
                        max_length=16,
                        null=True,
                        separators=" -.",
                        validators=[erp.identifiers.validate_e164],
                    ),
                ),
                ("full_name", models.CharField(help_text="As the person signs. Example: Asha Patel", max_length=200)),
                (
                    "user_type",
                    models.CharField(
                        choices=[("SUPER_ADMIN", "Super admin"), ("INTERNAL", "Internal"), ("EXTERNAL", "External")],
                        help_text="Super admin sees everything, internal its organization, external its business partner.",
                        max_length=20,
                        verbose_name="type",
                    ),
                ),
                (
                    "is_verified",
                    models.BooleanField(
                        default=False, help_text="Email or mobile was proven to be theirs.", verbose_name="verified"
                    ),
                ),
                (
                    "locale",
                    models.CharField(default="en-IN", help_text="Language and formats. Example: en-IN", max_length=10),
                ),
                (
                    "timezone",
                    models.CharField(
                        default="Asia/Kolkata",
                        help_text="Example: Asia/Kolkata",
                        max_length=50,
                        validators=[erp.identifiers.validate_timezone],
                    ),
                ),
                ("mfa_enabled", models.BooleanField(default=False, editable=False, verbose_name="second factor")),
                (
                    "must_change_password",
                    models.BooleanField(default=False, help_text="Asked for a new password at the next sign-in."),
                ),
                ("last_password_change", models.DateTimeField(blank=True, editable=False, null=True)),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical user",
                "verbose_name_plural": "historical users",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="accounts_hi_id_e5f82b_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="accounts_hi_id_181c01_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.UUIDField(default=erp.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ("version", erp.models.VersionField(default=1, editable=False)),
                ("created_at", erp.models.TimestampField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", erp.models.TimestampField(default=django.utils.timezone.now, editable=False)),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Inactive records stay readable but can't be chosen in new documents. Deactivate instead of deleting.",
                        verbose_name="active",
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        blank=True,
                        help_text="Login, any case. Example: asha.patel@example.com",
                        max_length=254,
                        null=True,
                        verbose_name="email address",
                    ),
                ),
                (
                    "mobile",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Login, with country code. Example: +919812345678",
                        max_length=16,
                        null=True,
                        separators=" -.",
                        unique=True,
                        validators=[erp.identifiers.validate_e164],
                    ),
                ),
                ("full_name", models.CharField(help_text="As the person signs. Example: Asha Patel", max_length=200)),
                (
                    "user_type",
                    models.CharField(
                        choices=[("SUPER_ADMIN", "Super admin"), ("INTERNAL", "Internal"), ("EXTERNAL", "External")],
                        help_text="Super admin sees everything, internal its organization, external its business partner.",
                        max_length=20,
                        verbose_name="type",
                    ),
                ),
                (
                    "is_verified",
                    models.BooleanField(
                        default=False, help_text="Email or mobile was proven to be theirs.", verbose_name="verified"
                    ),
                ),
                (
                    "locale",
                    models.CharField(default="en-IN", help_text="Language and formats. Example: en-IN", max_length=10),
                ),
                (
                    "timezone",
                    models.CharField(
                        default="Asia/Kolkata",
                        help_text="Example: Asia/Kolkata",
                        max_length=50,
                        validators=[erp.identifiers.validate_timezone],
                    ),
                ),
                ("mfa_enabled", models.BooleanField(default=False, editable=False, verbose_name="second factor")),
                (
                    "must_change_password",
                    models.BooleanField(default=False, help_text="Asked for a new password at the next sign-in."),
                ),
                ("last_password_change", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
            ],
            options={
                "ordering": ("full_name",),
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        name="user_email_unique",
                        violation_error_message="Another user signs in with this email address.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("email", ""), _negated=True),
                        name="user_email_not_empty",
                        violation_error_message="Leave the email address unset instead of empty.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("email__isnull", False), ("mobile__isnull", False), _connector="OR"),
                        name="user_has_login",
                        violation_error_message="Give an email address or a mobile number: one of them is the login.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("mobile__isnull", True), ("mobile__regex", "^\\+[1-9][0-9]{6,14}$"), _connector="OR"
                        ),
                        name="user_mobile_e164",
                        violation_error_message="Write the mobile number with + and country code, digits only: +919812345678.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_superuser", True), ("user_type", "SUPER_ADMIN")),
                            models.Q(models.Q(("user_type", "SUPER_ADMIN"), _negated=True), ("is_superuser", False)),
                            _connector="OR",
                        ),
                        name="user_superuser_is_super_admin",
                        violation_error_message="Only a super admin has all permissions.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("user_type__in", ["SUPER_ADMIN", "INTERNAL", "EXTERNAL"])),
                        name="user_user_type_known",
                        violation_error_message="The type must be one of: Super admin, Internal, External.",
                    ),
                ],
            },
        ),
    ]
