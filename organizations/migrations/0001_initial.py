import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import django.utils.timezone
import erp.crypto
import erp.identifiers
import erp.models
import simple_history.models
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("events", "0001_event_log"),
        ("locations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Organization",
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
                (
                    "code",
                    erp.identifiers.CodeField(help_text="Short code in document numbers. Example: NCT", max_length=12),
                ),
                ("name", models.CharField(help_text="As people call it. Example: Narmada Cotton", max_length=120)),
                (
                    "legal_name",
                    models.CharField(help_text="As registered. Example: Narmada Cotton Traders LLP", max_length=200),
                ),
                (
                    "org_type",
                    models.CharField(
                        choices=[
                            ("company", "Company"),
                            ("llp", "Limited liability partnership"),
                            ("partnership", "Partnership firm"),
                            ("proprietorship", "Proprietorship"),
                            ("cooperative", "Cooperative society"),
                            ("trust", "Trust"),
                            ("government", "Government body"),
                        ],
                        default="company",
                        help_text="Legal form. Example: Company",
                        max_length=20,
                        verbose_name="type",
                    ),
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
                (
                    "pan",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Example: AAPFU0939F",
                        max_length=10,
                        separators=" -.",
                        validators=[erp.identifiers.validate_pan],
                        verbose_name="PAN",
                    ),
                ),
                (
                    "cin",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Companies. Example: U17110MH2005PLC123456",
                        max_length=21,
                        separators=" -.",
                        validators=[erp.identifiers.validate_cin],
                        verbose_name="CIN",
                    ),
                ),
                (
                    "tan",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="For tax deducted at source. Example: MUMA12345B",
                        max_length=10,
                        separators=" -.",
                        validators=[erp.identifiers.validate_tan],
                        verbose_name="TAN",
                    ),
                ),
                (
                    "iec",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="For import and export; usually the PAN.",
                        max_length=10,
                        separators=" -.",
                        validators=[erp.identifiers.validate_iec],
                        verbose_name="IEC",
                    ),
                ),
                (
                    "lei",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Example: 213800KUD8LAJWSQ9D15",
                        max_length=20,
                        separators=" -.",
                        validators=[erp.identifiers.validate_lei],
                        verbose_name="LEI",
                    ),
                ),
                ("website", models.URLField(blank=True, help_text="Example: https://narmadacotton.example")),
                (
                    "contact_name",
                    models.CharField(blank=True, help_text="Whom to ask. Example: Asha Patel", max_length=120),
                ),
                (
                    "contact_email",
                    models.EmailField(blank=True, help_text="Example: office@narmadacotton.example", max_length=254),
                ),
                (
                    "contact_phone",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="With country code. Example: +912812345678",
                        max_length=16,
                        separators=" -.",
                        validators=[erp.identifiers.validate_e164],
                    ),
                ),
                (
                    "fiscal_year_start_month",
                    models.PositiveSmallIntegerField(default=4, help_text="1 to 12. Indian books begin in April: 4"),
                ),
                (
                    "crop_year_start_month",
                    models.PositiveSmallIntegerField(
                        default=10, help_text="1 to 12. The Indian cotton season begins in October: 10"
                    ),
                ),
                (
                    "base_currency",
                    models.ForeignKey(
                        help_text="Of its books. Example: INR",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="locations.currency",
                    ),
                ),
                (
                    "country",
                    models.ForeignKey(
                        help_text="Where it is registered. Example: India",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="locations.country",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        help_text="Group company above it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subsidiaries",
                        to="organizations.organization",
                    ),
                ),
                (
                    "registered_address",
                    models.ForeignKey(
                        blank=True,
                        help_text="Registered office, kept among the locations. Example: Rajkot office",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="locations.location",
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("code"),
                        name="organization_code_unique",
                        violation_error_message="Another organization has this code: choose a different one.",
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"),
                        name="organization_name_unique",
                        violation_error_message="Another organization has this name: choose a different one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("code", django.db.models.functions.text.Upper("code")),
                            ("code__regex", "^[A-Z0-9-]{2,12}$"),
                        ),
                        name="organization_code_format",
                        violation_error_message="Write the code with 2 to 12 capital letters, digits or hyphens: NCT.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pan", ""), ("pan__regex", "^[A-Z]{3}[ABCFGHJKLPT][A-Z][0-9]{4}[A-Z]$"), _connector="OR"
                        ),
                        name="organization_pan_format",
                        violation_error_message="Write the PAN as five letters, four digits and a letter.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cin", ""),
                            ("cin__regex", "^[LU][0-9]{5}[A-Z]{2}[0-9]{4}[A-Z]{3}[0-9]{6}$"),
                            _connector="OR",
                        ),
                        name="organization_cin_format",
                        violation_error_message="Write the CIN with its 21 characters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tan", ""), ("tan__regex", "^[A-Z]{4}[0-9]{5}[A-Z]$"), _connector="OR"),
                        name="organization_tan_format",
                        violation_error_message="Write the TAN as four letters, five digits and a letter.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("iec", ""), ("iec__regex", "^([0-9]{10}|[A-Z]{5}[0-9]{4}[A-Z])$"), _connector="OR"
                        ),
                        name="organization_iec_format",
                        violation_error_message="Write the IEC as a PAN or as ten digits.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lei", ""), ("lei__regex", "^[0-9A-Z]{18}[0-9]{2}$"), _connector="OR"),
                        name="organization_lei_format",
                        violation_error_message="Write the LEI with its 20 characters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("parent__isnull", True),
                            models.Q(("parent", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="organization_parent_is_another",
                        violation_error_message="An organization can't be its own parent: choose another one or none.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("crop_year_start_month__range", (1, 12)), ("fiscal_year_start_month__range", (1, 12))
                        ),
                        name="organization_months_range",
                        violation_error_message="Months run from 1 (January) to 12 (December).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "org_type__in",
                                [
                                    "company",
                                    "llp",
                                    "partnership",
                                    "proprietorship",
                                    "cooperative",
                                    "trust",
                                    "government",
                                ],
                            )
                        ),
                        name="organization_org_type_known",
                        violation_error_message="The type must be one of: Company, Limited liability partnership, Partnership firm, Proprietorship, Cooperative society, Trust, Government body.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalOrganizationTaxRegistration",
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
                    "scheme",
                    models.CharField(
                        choices=[
                            ("gstin", "GSTIN (India)"),
                            ("vat", "VAT number"),
                            ("ein", "EIN (United States)"),
                            ("trn", "TRN (United Arab Emirates)"),
                            ("bin", "BIN (Bangladesh)"),
                            ("uscc", "USCC (China)"),
                            ("mst", "MST (Viet Nam)"),
                            ("vkn", "VKN (Türkiye)"),
                            ("npwp", "NPWP (Indonesia)"),
                            ("tn", "Tax number (Egypt)"),
                            ("cnpj", "CNPJ (Brazil)"),
                            ("other", "Other tax number"),
                        ],
                        default="gstin",
                        help_text="Kind of number. Example: GSTIN",
                        max_length=10,
                    ),
                ),
                (
                    "number",
                    erp.identifiers.IdentifierField(
                        help_text="As on the certificate. Example: 27AAPFU0939F1ZV", max_length=20, separators=" -."
                    ),
                ),
                (
                    "legal_name",
                    models.CharField(
                        help_text="As on the certificate. Example: Narmada Cotton Traders LLP", max_length=200
                    ),
                ),
                (
                    "valid_from",
                    models.DateField(blank=True, help_text="Day of registration. Example: 1 July 2017", null=True),
                ),
                (
                    "valid_to",
                    models.DateField(blank=True, help_text="Day of cancellation; empty while it holds.", null=True),
                ),
                (
                    "is_primary",
                    models.BooleanField(default=False, help_text="Used first in its country.", verbose_name="primary"),
                ),
                (
                    "branch_code",
                    erp.identifiers.CodeField(
                        blank=True, help_text="Branch that files under it. Example: RJK", max_length=12
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "address",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Principal place of business under this number. Example: Rajkot office",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.location",
                    ),
                ),
                (
                    "country",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Whose authority issued it. Example: India",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.country",
                    ),
                ),
                (
                    "subdivision",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Taken from the GSTIN when left empty. Example: Maharashtra",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.subdivision",
                        verbose_name="state",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Who is registered.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical tax registration",
                "verbose_name_plural": "historical tax registrations",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="organizatio_id_0c84c1_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="organizatio_id_508833_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalOrganizationSettings",
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
                    "einvoice_required",
                    models.BooleanField(
                        default=False,
                        help_text="Sales invoices need an IRN before they are printed.",
                        verbose_name="e-invoice required",
                    ),
                ),
                (
                    "invoice_threshold",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Amount above which an invoice needs a second look. Example: 5000000.00",
                        max_digits=18,
                        null=True,
                    ),
                ),
                (
                    "auto_block_overdue",
                    models.BooleanField(
                        default=False, help_text="Partners with overdue payments can't be chosen in new documents."
                    ),
                ),
                (
                    "fx_enabled",
                    models.BooleanField(
                        default=False,
                        help_text="Trades in other currencies are allowed.",
                        verbose_name="foreign currencies",
                    ),
                ),
                (
                    "tds_rate",
                    models.DecimalField(
                        decimal_places=3,
                        default=0,
                        help_text="Tax deducted at source. Example: 0.100",
                        max_digits=6,
                        verbose_name="TDS rate %",
                    ),
                ),
                (
                    "tcs_rate",
                    models.DecimalField(
                        decimal_places=3,
                        default=0,
                        help_text="Tax collected at source. Example: 0.100",
                        max_digits=6,
                        verbose_name="TCS rate %",
                    ),
                ),
                (
                    "manager_approval_ceiling",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Credit that a manager may approve, in base currency. Example: 10000000.00",
                        max_digits=18,
                        null=True,
                    ),
                ),
                (
                    "director_approval_ceiling",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Credit that a director may approve; empty: no ceiling. Example: 100000000.00",
                        max_digits=18,
                        null=True,
                    ),
                ),
                (
                    "kyc_validity_days",
                    models.PositiveIntegerField(
                        default=365,
                        help_text="Days until a verified partner must be checked again.",
                        verbose_name="KYC validity in days",
                    ),
                ),
                (
                    "kyc_auto_suspend",
                    models.BooleanField(
                        default=False,
                        help_text="Partners are suspended when their KYC expires.",
                        verbose_name="suspend on expired KYC",
                    ),
                ),
                (
                    "max_partner_staff",
                    models.PositiveSmallIntegerField(default=5, help_text="Sign-ins that one partner may have."),
                ),
                (
                    "logo",
                    models.TextField(
                        blank=True,
                        help_text="Printed on documents: PNG or JPEG.",
                        max_length=100,
                        validators=[django.core.validators.FileExtensionValidator(["png", "jpg", "jpeg"])],
                    ),
                ),
                (
                    "invoice_footer",
                    models.TextField(
                        blank=True, help_text="Last lines of an invoice. Example: Subject to Rajkot jurisdiction"
                    ),
                ),
                (
                    "audit_firm",
                    models.CharField(
                        blank=True, help_text="Statutory auditors. Example: Mehta & Shah, Rajkot", max_length=200
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical organization settings",
                "verbose_name_plural": "historical organization settings",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="organizatio_id_d7fd27_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="organizatio_id_17cfe1_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalOrganizationBankAccount",
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
                    "holder",
                    models.CharField(
                        help_text="As the bank writes it. Example: Narmada Cotton Traders LLP",
                        max_length=200,
                        verbose_name="account holder",
                    ),
                ),
                (
                    "bank_name",
                    models.CharField(help_text="Example: State Bank of India", max_length=120, verbose_name="bank"),
                ),
                ("branch", models.CharField(blank=True, help_text="Example: Rajkot Main Branch", max_length=120)),
                (
                    "account_number",
                    erp.crypto.EncryptedTextField(
                        blank=True,
                        help_text="Stored in cipher; only the last four characters are shown. With an IBAN it may stay empty.",
                        max_length=34,
                    ),
                ),
                ("account_last4", models.CharField(editable=False, max_length=4, verbose_name="account ends in")),
                ("account_hmac", models.CharField(editable=False, max_length=64, verbose_name="fingerprint")),
                (
                    "ifsc",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Indian branches. Example: SBIN0001234",
                        max_length=11,
                        separators=" -.",
                        validators=[erp.identifiers.validate_ifsc],
                        verbose_name="IFSC",
                    ),
                ),
                (
                    "iban",
                    erp.crypto.EncryptedTextField(
                        blank=True,
                        help_text="Stored in cipher. Example: GB29 NWBK 6016 1331 9268 19",
                        max_length=34,
                        verbose_name="IBAN",
                    ),
                ),
                (
                    "swift_bic",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Example: SBININBB104",
                        max_length=11,
                        separators=" -.",
                        validators=[erp.identifiers.validate_bic],
                        verbose_name="SWIFT/BIC",
                    ),
                ),
                (
                    "routing",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Sort code, ABA or BSB where the country uses one. Example: 026009593",
                        max_length=20,
                        separators=" -.",
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[0-9A-Z]{1,20}$", "Write the routing number in letters and digits only."
                            )
                        ],
                        verbose_name="routing number",
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("operations", "Operations"),
                            ("collection", "Receipts"),
                            ("payment", "Payments"),
                            ("tax", "Taxes and duties"),
                            ("trade_finance", "Letters of credit and trade finance"),
                            ("escrow", "Escrow"),
                        ],
                        default="operations",
                        help_text="What the account is used for.",
                        max_length=20,
                    ),
                ),
                (
                    "is_default",
                    models.BooleanField(
                        default=False, help_text="Used first for its currency.", verbose_name="default"
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "country",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Where the account is kept. Example: India",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.country",
                    ),
                ),
                (
                    "currency",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Of the account. Example: INR",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.currency",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Whose account it is.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical bank account",
                "verbose_name_plural": "historical bank accounts",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="organizatio_id_ebc26f_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="organizatio_id_f1e47f_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalOrganization",
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
                    "code",
                    erp.identifiers.CodeField(help_text="Short code in document numbers. Example: NCT", max_length=12),
                ),
                ("name", models.CharField(help_text="As people call it. Example: Narmada Cotton", max_length=120)),
                (
                    "legal_name",
                    models.CharField(help_text="As registered. Example: Narmada Cotton Traders LLP", max_length=200),
                ),
                (
                    "org_type",
                    models.CharField(
                        choices=[
                            ("company", "Company"),
                            ("llp", "Limited liability partnership"),
                            ("partnership", "Partnership firm"),
                            ("proprietorship", "Proprietorship"),
                            ("cooperative", "Cooperative society"),
                            ("trust", "Trust"),
                            ("government", "Government body"),
                        ],
                        default="company",
                        help_text="Legal form. Example: Company",
                        max_length=20,
                        verbose_name="type",
                    ),
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
                (
                    "pan",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Example: AAPFU0939F",
                        max_length=10,
                        separators=" -.",
                        validators=[erp.identifiers.validate_pan],
                        verbose_name="PAN",
                    ),
                ),
                (
                    "cin",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Companies. Example: U17110MH2005PLC123456",
                        max_length=21,
                        separators=" -.",
                        validators=[erp.identifiers.validate_cin],
                        verbose_name="CIN",
                    ),
                ),
                (
                    "tan",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="For tax deducted at source. Example: MUMA12345B",
                        max_length=10,
                        separators=" -.",
                        validators=[erp.identifiers.validate_tan],
                        verbose_name="TAN",
                    ),
                ),
                (
                    "iec",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="For import and export; usually the PAN.",
                        max_length=10,
                        separators=" -.",
                        validators=[erp.identifiers.validate_iec],
                        verbose_name="IEC",
                    ),
                ),
                (
                    "lei",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Example: 213800KUD8LAJWSQ9D15",
                        max_length=20,
                        separators=" -.",
                        validators=[erp.identifiers.validate_lei],
                        verbose_name="LEI",
                    ),
                ),
                ("website", models.URLField(blank=True, help_text="Example: https://narmadacotton.example")),
                (
                    "contact_name",
                    models.CharField(blank=True, help_text="Whom to ask. Example: Asha Patel", max_length=120),
                ),
                (
                    "contact_email",
                    models.EmailField(blank=True, help_text="Example: office@narmadacotton.example", max_length=254),
                ),
                (
                    "contact_phone",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="With country code. Example: +912812345678",
                        max_length=16,
                        separators=" -.",
                        validators=[erp.identifiers.validate_e164],
                    ),
                ),
                (
                    "fiscal_year_start_month",
                    models.PositiveSmallIntegerField(default=4, help_text="1 to 12. Indian books begin in April: 4"),
                ),
                (
                    "crop_year_start_month",
                    models.PositiveSmallIntegerField(
                        default=10, help_text="1 to 12. The Indian cotton season begins in October: 10"
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "base_currency",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Of its books. Example: INR",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.currency",
                    ),
                ),
                (
                    "country",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Where it is registered. Example: India",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.country",
                    ),
                ),
                (
                    "registered_address",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Registered office, kept among the locations. Example: Rajkot office",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.location",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Group company above it.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical organization",
                "verbose_name_plural": "historical organizations",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="organizatio_id_6aa418_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="organizatio_id_a7d269_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalFinancialYear",
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
                    "code",
                    erp.identifiers.CodeField(help_text="As written on documents. Example: 2025-26", max_length=10),
                ),
                ("start_date", models.DateField(help_text="Example: 1 April 2025", verbose_name="first day")),
                ("end_date", models.DateField(help_text="Example: 31 March 2026", verbose_name="last day")),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("soft_closed", "Closed for clerks"), ("closed", "Closed")],
                        default="open",
                        help_text="New documents need an open year.",
                        max_length=12,
                    ),
                ),
                (
                    "is_current",
                    models.BooleanField(default=False, help_text="Proposed for new documents.", verbose_name="current"),
                ),
                (
                    "allow_year_split",
                    models.BooleanField(
                        default=False, help_text="A contract of this year may be delivered in the next one."
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Whose books.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical financial year",
                "verbose_name_plural": "historical financial years",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="organizatio_id_e347e0_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="organizatio_id_8d5540_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="FinancialYear",
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
                (
                    "code",
                    erp.identifiers.CodeField(help_text="As written on documents. Example: 2025-26", max_length=10),
                ),
                ("start_date", models.DateField(help_text="Example: 1 April 2025", verbose_name="first day")),
                ("end_date", models.DateField(help_text="Example: 31 March 2026", verbose_name="last day")),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("soft_closed", "Closed for clerks"), ("closed", "Closed")],
                        default="open",
                        help_text="New documents need an open year.",
                        max_length=12,
                    ),
                ),
                (
                    "is_current",
                    models.BooleanField(default=False, help_text="Proposed for new documents.", verbose_name="current"),
                ),
                (
                    "allow_year_split",
                    models.BooleanField(
                        default=False, help_text="A contract of this year may be delivered in the next one."
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        help_text="Whose books.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="financial_years",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "ordering": ("organization", "-start_date"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("end_date__gt", models.F("start_date"))),
                        name="financialyear_range",
                        violation_error_message="The last day must come after the first day.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("code", django.db.models.functions.text.Upper(models.F("code")))),
                        name="financialyear_code_upper",
                        violation_error_message="Write the code in capital letters.",
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "code"),
                        name="financialyear_code_unique",
                        violation_error_message="The organization has a financial year with this code already.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("organization",),
                        name="financialyear_current_unique",
                        violation_error_message="Another financial year is the current one: unmark that first.",
                    ),
                    models.UniqueConstraint(
                        fields=("id", "organization"),
                        name="financialyear_owner_unique",
                        violation_error_message="This financial year exists already.",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("organization", "="),
                            (
                                models.Func(
                                    models.F("start_date"),
                                    models.F("end_date"),
                                    models.Value("[]"),
                                    function="daterange",
                                    output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="financialyear_no_overlap",
                        violation_error_message="Another financial year of the organization covers some of these days.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["open", "soft_closed", "closed"])),
                        name="financialyear_status_known",
                        violation_error_message="The status must be one of: Open, Closed for clerks, Closed.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrganizationBankAccount",
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
                (
                    "holder",
                    models.CharField(
                        help_text="As the bank writes it. Example: Narmada Cotton Traders LLP",
                        max_length=200,
                        verbose_name="account holder",
                    ),
                ),
                (
                    "bank_name",
                    models.CharField(help_text="Example: State Bank of India", max_length=120, verbose_name="bank"),
                ),
                ("branch", models.CharField(blank=True, help_text="Example: Rajkot Main Branch", max_length=120)),
                (
                    "account_number",
                    erp.crypto.EncryptedTextField(
                        blank=True,
                        help_text="Stored in cipher; only the last four characters are shown. With an IBAN it may stay empty.",
                        max_length=34,
                    ),
                ),
                ("account_last4", models.CharField(editable=False, max_length=4, verbose_name="account ends in")),
                ("account_hmac", models.CharField(editable=False, max_length=64, verbose_name="fingerprint")),
                (
                    "ifsc",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Indian branches. Example: SBIN0001234",
                        max_length=11,
                        separators=" -.",
                        validators=[erp.identifiers.validate_ifsc],
                        verbose_name="IFSC",
                    ),
                ),
                (
                    "iban",
                    erp.crypto.EncryptedTextField(
                        blank=True,
                        help_text="Stored in cipher. Example: GB29 NWBK 6016 1331 9268 19",
                        max_length=34,
                        verbose_name="IBAN",
                    ),
                ),
                (
                    "swift_bic",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Example: SBININBB104",
                        max_length=11,
                        separators=" -.",
                        validators=[erp.identifiers.validate_bic],
                        verbose_name="SWIFT/BIC",
                    ),
                ),
                (
                    "routing",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Sort code, ABA or BSB where the country uses one. Example: 026009593",
                        max_length=20,
                        separators=" -.",
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[0-9A-Z]{1,20}$", "Write the routing number in letters and digits only."
                            )
                        ],
                        verbose_name="routing number",
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("operations", "Operations"),
                            ("collection", "Receipts"),
                            ("payment", "Payments"),
                            ("tax", "Taxes and duties"),
                            ("trade_finance", "Letters of credit and trade finance"),
                            ("escrow", "Escrow"),
                        ],
                        default="operations",
                        help_text="What the account is used for.",
                        max_length=20,
                    ),
                ),
                (
                    "is_default",
                    models.BooleanField(
                        default=False, help_text="Used first for its currency.", verbose_name="default"
                    ),
                ),
                (
                    "country",
                    models.ForeignKey(
                        help_text="Where the account is kept. Example: India",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="locations.country",
                    ),
                ),
                (
                    "currency",
                    models.ForeignKey(
                        help_text="Of the account. Example: INR",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="locations.currency",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        help_text="Whose account it is.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_accounts",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "bank account",
                "ordering": ("bank_name", "account_last4"),
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ifsc", ""), ("ifsc__regex", "^[A-Z]{4}0[A-Z0-9]{6}$"), _connector="OR"),
                        name="organizationbankaccount_ifsc_format",
                        violation_error_message="Write the IFSC as four letters, 0 and six characters: SBIN0001234.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("swift_bic", ""),
                            ("swift_bic__regex", "^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$"),
                            _connector="OR",
                        ),
                        name="organizationbankaccount_swift_bic_format",
                        violation_error_message="Write the SWIFT/BIC with 8 or 11 characters: SBININBB104.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("country", "IN"), models.Q(("ifsc", ""), _negated=True)),
                            models.Q(
                                models.Q(("country", "IN"), _negated=True),
                                models.Q(
                                    models.Q(("iban", ""), _negated=True),
                                    models.Q(("swift_bic", ""), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="organizationbankaccount_payable",
                        violation_error_message="An account in India needs its IFSC, one elsewhere its IBAN or SWIFT/BIC.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("account_hmac__regex", "^[0-9a-f]{64}$")),
                        name="organizationbankaccount_has_number",
                        violation_error_message="Give the account number or the IBAN.",
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "account_hmac"),
                        name="organizationbankaccount_number_unique",
                        violation_error_message="The organization has an account with this number already.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("organization", "currency"),
                        name="organizationbankaccount_default_unique",
                        violation_error_message="Another account is the default of this currency: unmark that first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("purpose__in", ["operations", "collection", "payment", "tax", "trade_finance", "escrow"])
                        ),
                        name="organizationbankaccount_purpose_known",
                        violation_error_message="The purpose must be one of: Operations, Receipts, Payments, Taxes and duties, Letters of credit and trade finance, Escrow.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrganizationSettings",
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
                (
                    "einvoice_required",
                    models.BooleanField(
                        default=False,
                        help_text="Sales invoices need an IRN before they are printed.",
                        verbose_name="e-invoice required",
                    ),
                ),
                (
                    "invoice_threshold",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Amount above which an invoice needs a second look. Example: 5000000.00",
                        max_digits=18,
                        null=True,
                    ),
                ),
                (
                    "auto_block_overdue",
                    models.BooleanField(
                        default=False, help_text="Partners with overdue payments can't be chosen in new documents."
                    ),
                ),
                (
                    "fx_enabled",
                    models.BooleanField(
                        default=False,
                        help_text="Trades in other currencies are allowed.",
                        verbose_name="foreign currencies",
                    ),
                ),
                (
                    "tds_rate",
                    models.DecimalField(
                        decimal_places=3,
                        default=0,
                        help_text="Tax deducted at source. Example: 0.100",
                        max_digits=6,
                        verbose_name="TDS rate %",
                    ),
                ),
                (
                    "tcs_rate",
                    models.DecimalField(
                        decimal_places=3,
                        default=0,
                        help_text="Tax collected at source. Example: 0.100",
                        max_digits=6,
                        verbose_name="TCS rate %",
                    ),
                ),
                (
                    "manager_approval_ceiling",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Credit that a manager may approve, in base currency. Example: 10000000.00",
                        max_digits=18,
                        null=True,
                    ),
                ),
                (
                    "director_approval_ceiling",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="Credit that a director may approve; empty: no ceiling. Example: 100000000.00",
                        max_digits=18,
                        null=True,
                    ),
                ),
                (
                    "kyc_validity_days",
                    models.PositiveIntegerField(
                        default=365,
                        help_text="Days until a verified partner must be checked again.",
                        verbose_name="KYC validity in days",
                    ),
                ),
                (
                    "kyc_auto_suspend",
                    models.BooleanField(
                        default=False,
                        help_text="Partners are suspended when their KYC expires.",
                        verbose_name="suspend on expired KYC",
                    ),
                ),
                (
                    "max_partner_staff",
                    models.PositiveSmallIntegerField(default=5, help_text="Sign-ins that one partner may have."),
                ),
                (
                    "logo",
                    models.FileField(
                        blank=True,
                        help_text="Printed on documents: PNG or JPEG.",
                        upload_to="organizations/logos",
                        validators=[django.core.validators.FileExtensionValidator(["png", "jpg", "jpeg"])],
                    ),
                ),
                (
                    "invoice_footer",
                    models.TextField(
                        blank=True, help_text="Last lines of an invoice. Example: Subject to Rajkot jurisdiction"
                    ),
                ),
                (
                    "audit_firm",
                    models.CharField(
                        blank=True, help_text="Statutory auditors. Example: Mehta & Shah, Rajkot", max_length=200
                    ),
                ),
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settings",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "verbose_name": "organization settings",
                "verbose_name_plural": "organization settings",
                "ordering": ("organization",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("tcs_rate__range", (0, 100)), ("tds_rate__range", (0, 100))),
                        name="organizationsettings_rates_range",
                        violation_error_message="Tax rates run from 0 to 100 percent.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("invoice_threshold__isnull", True), ("invoice_threshold__gte", 0), _connector="OR"
                        ),
                        name="organizationsettings_threshold_positive",
                        violation_error_message="The invoice threshold can't be below zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("manager_approval_ceiling__isnull", True),
                                ("manager_approval_ceiling__gte", 0),
                                _connector="OR",
                            ),
                            models.Q(
                                ("director_approval_ceiling__isnull", True),
                                ("director_approval_ceiling__gte", 0),
                                _connector="OR",
                            ),
                        ),
                        name="organizationsettings_ceilings_positive",
                        violation_error_message="An approval ceiling can't be below zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("manager_approval_ceiling__isnull", True),
                            ("director_approval_ceiling__isnull", True),
                            ("director_approval_ceiling__gte", models.F("manager_approval_ceiling")),
                            _connector="OR",
                        ),
                        name="organizationsettings_ceilings_order",
                        violation_error_message="The director's ceiling can't be below the manager's.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kyc_validity_days__gte", 1)),
                        name="organizationsettings_kyc_validity_positive",
                        violation_error_message="KYC must be valid for at least one day.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrganizationTaxRegistration",
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
                (
                    "scheme",
                    models.CharField(
                        choices=[
                            ("gstin", "GSTIN (India)"),
                            ("vat", "VAT number"),
                            ("ein", "EIN (United States)"),
                            ("trn", "TRN (United Arab Emirates)"),
                            ("bin", "BIN (Bangladesh)"),
                            ("uscc", "USCC (China)"),
                            ("mst", "MST (Viet Nam)"),
                            ("vkn", "VKN (Türkiye)"),
                            ("npwp", "NPWP (Indonesia)"),
                            ("tn", "Tax number (Egypt)"),
                            ("cnpj", "CNPJ (Brazil)"),
                            ("other", "Other tax number"),
                        ],
                        default="gstin",
                        help_text="Kind of number. Example: GSTIN",
                        max_length=10,
                    ),
                ),
                (
                    "number",
                    erp.identifiers.IdentifierField(
                        help_text="As on the certificate. Example: 27AAPFU0939F1ZV", max_length=20, separators=" -."
                    ),
                ),
                (
                    "legal_name",
                    models.CharField(
                        help_text="As on the certificate. Example: Narmada Cotton Traders LLP", max_length=200
                    ),
                ),
                (
                    "valid_from",
                    models.DateField(blank=True, help_text="Day of registration. Example: 1 July 2017", null=True),
                ),
                (
                    "valid_to",
                    models.DateField(blank=True, help_text="Day of cancellation; empty while it holds.", null=True),
                ),
                (
                    "is_primary",
                    models.BooleanField(default=False, help_text="Used first in its country.", verbose_name="primary"),
                ),
                (
                    "branch_code",
                    erp.identifiers.CodeField(
                        blank=True, help_text="Branch that files under it. Example: RJK", max_length=12
                    ),
                ),
                (
                    "address",
                    models.ForeignKey(
                        blank=True,
                        help_text="Principal place of business under this number. Example: Rajkot office",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="locations.location",
                    ),
                ),
                (
                    "country",
                    models.ForeignKey(
                        help_text="Whose authority issued it. Example: India",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="locations.country",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        help_text="Who is registered.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tax_registrations",
                        to="organizations.organization",
                    ),
                ),
                (
                    "subdivision",
                    models.ForeignKey(
                        blank=True,
                        help_text="Taken from the GSTIN when left empty. Example: Maharashtra",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="locations.subdivision",
                        verbose_name="state",
                    ),
                ),
            ],
            options={
                "verbose_name": "tax registration",
                "ordering": ("country", "scheme", "number"),
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__regex", "^[0-9A-Z]{4,20}$")),
                        name="organizationtaxregistration_number_format",
                        violation_error_message="Write the number with 4 to 20 letters and digits, without separators.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("scheme", "gstin"), _negated=True),
                            models.Q(
                                ("country", "IN"),
                                ("number__regex", "^[0-9]{2}[A-Z]{4}[A-Z0-9][0-9]{4}[A-Z][1-9A-Z][CDZ][0-9A-Z]$"),
                            ),
                            _connector="OR",
                        ),
                        name="organizationtaxregistration_gstin_format",
                        violation_error_message="A GSTIN is Indian and has 15 characters, as 27AAPFU0939F1ZV.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("scheme", "gstin"), _negated=True),
                            ("subdivision__isnull", False),
                            ("number__regex", "^(97|99)"),
                            _connector="OR",
                        ),
                        name="organizationtaxregistration_gstin_has_state",
                        violation_error_message="Choose the state that the GSTIN belongs to.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="organizationtaxregistration_valid_range",
                        violation_error_message="The day of cancellation must come after the day of registration.",
                    ),
                    models.UniqueConstraint(
                        fields=("scheme", "number"),
                        name="organizationtaxregistration_number_unique",
                        violation_error_message="This number is registered for an organization already.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_primary", True)),
                        fields=("organization", "country"),
                        name="organizationtaxregistration_primary_unique",
                        violation_error_message="Another registration is the primary one of this country: unmark that first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("branch_code", django.db.models.functions.text.Upper(models.F("branch_code")))
                        ),
                        name="organizationtaxregistration_branch_code_upper",
                        violation_error_message="Write the branch code in capital letters.",
                    ),
                    models.UniqueConstraint(
                        fields=("id", "organization"),
                        name="organizationtaxregistration_owner_unique",
                        violation_error_message="This tax registration exists already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "scheme__in",
                                [
                                    "gstin",
                                    "vat",
                                    "ein",
                                    "trn",
                                    "bin",
                                    "uscc",
                                    "mst",
                                    "vkn",
                                    "npwp",
                                    "tn",
                                    "cnpj",
                                    "other",
                                ],
                            )
                        ),
                        name="organizationtaxregistration_scheme_known",
                        violation_error_message="The scheme must be one of: GSTIN (India), VAT number, EIN (United States), TRN (United Arab Emirates), BIN (Bangladesh), USCC (China), MST (Viet Nam), VKN (Türkiye), NPWP (Indonesia), Tax number (Egypt), CNPJ (Brazil), Other tax number.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalDocumentSeries",
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
                    "document_type",
                    models.CharField(
                        choices=[
                            ("sales_contract", "Sales contract"),
                            ("purchase_contract", "Purchase contract"),
                            ("tax_invoice", "Tax invoice"),
                            ("bill_of_supply", "Bill of supply"),
                            ("credit_note", "Credit note"),
                            ("debit_note", "Debit note"),
                            ("delivery_order", "Delivery order"),
                            ("payment", "Payment voucher"),
                            ("receipt", "Receipt voucher"),
                        ],
                        help_text="Example: Tax invoice",
                        max_length=20,
                    ),
                ),
                (
                    "prefix",
                    erp.identifiers.CodeField(
                        blank=True, help_text="Before the number. Example: NCT/25-26/", max_length=12
                    ),
                ),
                (
                    "suffix",
                    erp.identifiers.CodeField(blank=True, help_text="After the number. Example: /RJK", max_length=8),
                ),
                ("padding", models.PositiveSmallIntegerField(default=4, help_text="Digits at least. 4 makes 0001")),
                (
                    "next_number",
                    models.PositiveIntegerField(
                        default=1, help_text="The next document gets this number. It never goes back."
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "financial_year",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Example: 2025-26",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.financialyear",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Whose documents.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "tax_registration",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="GSTIN that the documents are issued under; empty for documents without one.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organizationtaxregistration",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical document series",
                "verbose_name_plural": "historical document series",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="organizatio_id_37a4c0_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="organizatio_id_2607ad_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="DocumentSeries",
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
                (
                    "document_type",
                    models.CharField(
                        choices=[
                            ("sales_contract", "Sales contract"),
                            ("purchase_contract", "Purchase contract"),
                            ("tax_invoice", "Tax invoice"),
                            ("bill_of_supply", "Bill of supply"),
                            ("credit_note", "Credit note"),
                            ("debit_note", "Debit note"),
                            ("delivery_order", "Delivery order"),
                            ("payment", "Payment voucher"),
                            ("receipt", "Receipt voucher"),
                        ],
                        help_text="Example: Tax invoice",
                        max_length=20,
                    ),
                ),
                (
                    "prefix",
                    erp.identifiers.CodeField(
                        blank=True, help_text="Before the number. Example: NCT/25-26/", max_length=12
                    ),
                ),
                (
                    "suffix",
                    erp.identifiers.CodeField(blank=True, help_text="After the number. Example: /RJK", max_length=8),
                ),
                ("padding", models.PositiveSmallIntegerField(default=4, help_text="Digits at least. 4 makes 0001")),
                (
                    "next_number",
                    models.PositiveIntegerField(
                        default=1, help_text="The next document gets this number. It never goes back."
                    ),
                ),
                (
                    "financial_year",
                    models.ForeignKey(
                        help_text="Example: 2025-26",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="document_series",
                        to="organizations.financialyear",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        help_text="Whose documents.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="document_series",
                        to="organizations.organization",
                    ),
                ),
                (
                    "tax_registration",
                    models.ForeignKey(
                        blank=True,
                        help_text="GSTIN that the documents are issued under; empty for documents without one.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="document_series",
                        to="organizations.organizationtaxregistration",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "document series",
                "ordering": ("financial_year", "document_type"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "tax_registration", "financial_year", "document_type"),
                        name="documentseries_unique",
                        nulls_distinct=False,
                        violation_error_message="This kind of document has a series in this financial year and registration already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("next_number__gte", 1)),
                        name="documentseries_next_number_positive",
                        violation_error_message="Numbers begin with 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("padding__range", (1, 10))),
                        name="documentseries_padding_range",
                        violation_error_message="Numbers have 1 to 10 digits at least.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("prefix__regex", "^[A-Z0-9/-]*$"), ("suffix__regex", "^[A-Z0-9/-]*$")),
                        name="documentseries_characters",
                        violation_error_message="Prefix and suffix hold capital letters, digits, - and / only.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "document_type__in",
                                    ("tax_invoice", "bill_of_supply", "credit_note", "debit_note", "receipt"),
                                ),
                                _negated=True,
                            ),
                            (
                                "padding__lte",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.Value(16), "-", django.db.models.functions.text.Length("prefix")
                                    ),
                                    "-",
                                    django.db.models.functions.text.Length("suffix"),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="documentseries_gst_length",
                        violation_error_message="Numbers of GST documents have at most 16 characters: shorten prefix, suffix or digits.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "document_type__in",
                                [
                                    "sales_contract",
                                    "purchase_contract",
                                    "tax_invoice",
                                    "bill_of_supply",
                                    "credit_note",
                                    "debit_note",
                                    "delivery_order",
                                    "payment",
                                    "receipt",
                                ],
                            )
                        ),
                        name="documentseries_document_type_known",
                        violation_error_message="The document type must be one of: Sales contract, Purchase contract, Tax invoice, Bill of supply, Credit note, Debit note, Delivery order, Payment voucher, Receipt voucher.",
                    ),
                ],
            },
        ),
    ]
