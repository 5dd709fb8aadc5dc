import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import erp.crypto
import erp.identifiers
import erp.models
import partners.models.documents
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("commodities", "0001_initial"),
        ("events", "0001_event_log"),
        ("locations", "0001_initial"),
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="BusinessPartner",
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
                    "partner_code",
                    erp.identifiers.CodeField(
                        blank=True,
                        db_collation="C",
                        help_text="Leave empty for the next number. It never changes afterwards. Example: BP-IN-000123",
                        max_length=20,
                        verbose_name="code",
                    ),
                ),
                (
                    "legal_name",
                    models.CharField(
                        help_text="As on the PAN card or certificate. Example: Shree Ganesh Ginning Pvt Ltd",
                        max_length=200,
                    ),
                ),
                (
                    "trade_name",
                    models.CharField(
                        blank=True,
                        help_text="As the market calls it, if different. Example: Ganesh Cotton",
                        max_length=200,
                    ),
                ),
                (
                    "entity_class",
                    models.CharField(
                        choices=[("business", "Business"), ("service_provider", "Service provider")],
                        default="business",
                        help_text="A business buys or sells; a service provider carries, brokers or inspects.",
                        max_length=20,
                        verbose_name="class",
                    ),
                ),
                (
                    "entity_type",
                    models.CharField(
                        choices=[
                            ("individual", "Individual"),
                            ("proprietorship", "Proprietorship"),
                            ("partnership", "Partnership firm"),
                            ("llp", "Limited liability partnership"),
                            ("private_limited", "Private limited company"),
                            ("public_limited", "Public limited company"),
                            ("huf", "Hindu undivided family"),
                            ("cooperative", "Co-operative society"),
                            ("trust", "Trust"),
                            ("government", "Government body"),
                            ("other", "Other"),
                        ],
                        help_text="Example: Private limited company",
                        max_length=20,
                        verbose_name="legal form",
                    ),
                ),
                (
                    "incorporation_date",
                    models.DateField(blank=True, help_text="Founding date. Example: 2009-04-17", null=True),
                ),
                (
                    "pan",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Income tax number; required in India. Example: AAPFU0939F",
                        max_length=10,
                        separators=" -.",
                        validators=[erp.identifiers.validate_pan],
                        verbose_name="PAN",
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
                (
                    "iec",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Importer-exporter code: the PAN, or ten digits. Example: 0512345678",
                        max_length=10,
                        separators=" -.",
                        validators=[erp.identifiers.validate_iec],
                        verbose_name="IEC",
                    ),
                ),
                ("website", models.URLField(blank=True, help_text="Example: https://www.example.com")),
                (
                    "preferred_language",
                    models.CharField(
                        default="en", help_text="Language of letters and messages. Example: en, hi, gu", max_length=10
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("inactive", "Inactive"),
                            ("blocked", "Blocked"),
                        ],
                        default="pending",
                        help_text="Trade needs an active partner. Blocked: sanctions or fraud.",
                        max_length=10,
                    ),
                ),
                (
                    "kyc_status",
                    models.CharField(
                        choices=[
                            ("not_started", "Not started"),
                            ("verified", "Verified"),
                            ("renewal_due", "Renewal due"),
                            ("expired", "Expired"),
                        ],
                        default="not_started",
                        help_text="Know your customer: was its identity checked?",
                        max_length=12,
                        verbose_name="KYC",
                    ),
                ),
                (
                    "kyc_verified_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When its identity was last checked.",
                        null=True,
                        verbose_name="KYC verified at",
                    ),
                ),
                (
                    "kyc_expires_on",
                    models.DateField(
                        blank=True,
                        help_text="Last day on which the check holds. Example: 2027-03-31",
                        null=True,
                        verbose_name="KYC expires on",
                    ),
                ),
                (
                    "risk_score",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="0 to 100; higher is safer. Example: 85 for a mill with a long clean record",
                        null=True,
                    ),
                ),
                (
                    "risk_category",
                    models.CharField(
                        blank=True,
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")],
                        help_text="Example: Low for a score of 85",
                        max_length=6,
                    ),
                ),
                (
                    "risk_assessed_at",
                    models.DateTimeField(blank=True, help_text="When the risk was last assessed.", null=True),
                ),
                ("notes", models.TextField(blank=True, help_text="For the organization's staff.")),
                (
                    "assigned_officer",
                    models.ForeignKey(
                        blank=True,
                        help_text="Who of the organization looks after this partner.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assigned_partners",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "country",
                    models.ForeignKey(
                        help_text="Where it is established. Example: India",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="locations.country",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        help_text="Whose partner this is; it never changes.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="partners",
                        to="organizations.organization",
                    ),
                ),
                (
                    "parent_partner",
                    models.ForeignKey(
                        blank=True,
                        help_text="The partner that owns this one. A branch with its parent's PAN is entered with its parent.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subsidiaries",
                        to="partners.businesspartner",
                    ),
                ),
                (
                    "primary_currency",
                    models.ForeignKey(
                        help_text="In which it usually trades. Example: INR",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="locations.currency",
                    ),
                ),
            ],
            options={
                "ordering": ("legal_name",),
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("legal_name"), name="gin_trgm_ops"
                        ),
                        fastupdate=False,
                        name="businesspartner_legal_trgm",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("trade_name"), name="gin_trgm_ops"
                        ),
                        fastupdate=False,
                        name="businesspartner_trade_trgm",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "partner_code"),
                        name="businesspartner_code_unique",
                        violation_error_message="Another partner of the organization has this code: leave it empty for the next.",
                    ),
                    models.UniqueConstraint(
                        fields=("id", "organization"),
                        name="businesspartner_id_organization",
                        violation_error_message="A partner belongs to one organization.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(models.Q(("pan", ""), _negated=True), ("parent_partner__isnull", True)),
                        fields=("organization", "pan"),
                        name="businesspartner_pan_unique",
                        violation_error_message="Another partner of the organization has this PAN: use that one, or name it as the parent.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("partner_code__regex", "^[A-Z0-9][A-Z0-9/-]*$")),
                        name="businesspartner_code_form",
                        violation_error_message="A partner code is capital letters, digits, hyphens and slashes: BP-IN-000123.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("legal_name", ""), _negated=True),
                        name="businesspartner_legal_name_given",
                        violation_error_message="A partner has a legal name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pan", ""), ("pan__regex", "^[A-Z]{3}[ABCFGHJKLPT][A-Z][0-9]{4}[A-Z]$"), _connector="OR"
                        ),
                        name="businesspartner_pan_form",
                        violation_error_message="A PAN is five letters, four digits and a letter: AAPFU0939F.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pan", ""),
                            models.Q(("entity_type", "individual"), ("pan__regex", "^...[P]")),
                            models.Q(("entity_type", "proprietorship"), ("pan__regex", "^...[P]")),
                            models.Q(("entity_type", "partnership"), ("pan__regex", "^...[F]")),
                            models.Q(("entity_type", "llp"), ("pan__regex", "^...[F]")),
                            models.Q(("entity_type", "private_limited"), ("pan__regex", "^...[C]")),
                            models.Q(("entity_type", "public_limited"), ("pan__regex", "^...[C]")),
                            models.Q(("entity_type", "huf"), ("pan__regex", "^...[H]")),
                            models.Q(("entity_type", "cooperative"), ("pan__regex", "^...[ABJ]")),
                            models.Q(("entity_type", "trust"), ("pan__regex", "^...[TK]")),
                            models.Q(("entity_type", "government"), ("pan__regex", "^...[GLJ]")),
                            models.Q(("entity_type", "other"), ("pan__regex", "^...[ABCFGHJKLPT]")),
                            _connector="OR",
                        ),
                        name="businesspartner_pan_fits_entity",
                        violation_error_message="The fourth letter of the PAN is not one of this legal form: check both.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("country", "IN"), _negated=True),
                            models.Q(("pan", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="businesspartner_india_has_pan",
                        violation_error_message="A partner in India needs its PAN: enter it as on the PAN card.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lei", ""), ("lei__regex", "^[0-9A-Z]{18}[0-9]{2}$"), _connector="OR"),
                        name="businesspartner_lei_form",
                        violation_error_message="An LEI is 20 letters and digits: 213800KUD8LAJWSQ9D15.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("iec", ""), ("iec__regex", "^([0-9]{10}|[A-Z]{5}[0-9]{4}[A-Z])$"), _connector="OR"
                        ),
                        name="businesspartner_iec_form",
                        violation_error_message="An IEC is the PAN, or ten digits: 0512345678.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("risk_score__isnull", True), ("risk_score__lte", 100), _connector="OR"),
                        name="businesspartner_risk_score_range",
                        violation_error_message="The risk score runs from 0 to 100; higher is safer.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kyc_status", "not_started"),
                            models.Q(("kyc_expires_on__isnull", False), ("kyc_verified_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="businesspartner_kyc_dated",
                        violation_error_message="Once KYC was verified, enter when it was verified and until when it holds.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("parent_partner__isnull", True),
                            models.Q(("parent_partner", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="businesspartner_not_own_parent",
                        violation_error_message="A partner can't be its own parent: choose the partner that owns it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("entity_class__in", ["business", "service_provider"])),
                        name="businesspartner_entity_class_known",
                        violation_error_message="The class must be one of: Business, Service provider.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "entity_type__in",
                                [
                                    "individual",
                                    "proprietorship",
                                    "partnership",
                                    "llp",
                                    "private_limited",
                                    "public_limited",
                                    "huf",
                                    "cooperative",
                                    "trust",
                                    "government",
                                    "other",
                                ],
                            )
                        ),
                        name="businesspartner_entity_type_known",
                        violation_error_message="The legal form must be one of: Individual, Proprietorship, Partnership firm, Limited liability partnership, Private limited company, Public limited company, Hindu undivided family, Co-operative society, Trust, Government body, Other.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["pending", "active", "suspended", "inactive", "blocked"])),
                        name="businesspartner_status_known",
                        violation_error_message="The status must be one of: Pending, Active, Suspended, Inactive, Blocked.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kyc_status__in", ["not_started", "verified", "renewal_due", "expired"])),
                        name="businesspartner_kyc_status_known",
                        violation_error_message="The KYC must be one of: Not started, Verified, Renewal due, Expired.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("risk_category__in", ["low", "medium", "high", ""])),
                        name="businesspartner_risk_category_known",
                        violation_error_message="The risk category must be one of: Low, Medium, High.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalBusinessPartner",
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
                    "partner_code",
                    erp.identifiers.CodeField(
                        blank=True,
                        help_text="Leave empty for the next number. It never changes afterwards. Example: BP-IN-000123",
                        max_length=20,
                        verbose_name="code",
                    ),
                ),
                (
                    "legal_name",
                    models.CharField(
                        help_text="As on the PAN card or certificate. Example: Shree Ganesh Ginning Pvt Ltd",
                        max_length=200,
                    ),
                ),
                (
                    "trade_name",
                    models.CharField(
                        blank=True,
                        help_text="As the market calls it, if different. Example: Ganesh Cotton",
                        max_length=200,
                    ),
                ),
                (
                    "entity_class",
                    models.CharField(
                        choices=[("business", "Business"), ("service_provider", "Service provider")],
                        default="business",
                        help_text="A business buys or sells; a service provider carries, brokers or inspects.",
                        max_length=20,
                        verbose_name="class",
                    ),
                ),
                (
                    "entity_type",
                    models.CharField(
                        choices=[
                            ("individual", "Individual"),
                            ("proprietorship", "Proprietorship"),
                            ("partnership", "Partnership firm"),
                            ("llp", "Limited liability partnership"),
                            ("private_limited", "Private limited company"),
                            ("public_limited", "Public limited company"),
                            ("huf", "Hindu undivided family"),
                            ("cooperative", "Co-operative society"),
                            ("trust", "Trust"),
                            ("government", "Government body"),
                            ("other", "Other"),
                        ],
                        help_text="Example: Private limited company",
                        max_length=20,
                        verbose_name="legal form",
                    ),
                ),
                (
                    "incorporation_date",
                    models.DateField(blank=True, help_text="Founding date. Example: 2009-04-17", null=True),
                ),
                (
                    "pan",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Income tax number; required in India. Example: AAPFU0939F",
                        max_length=10,
                        separators=" -.",
                        validators=[erp.identifiers.validate_pan],
                        verbose_name="PAN",
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
                (
                    "iec",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="Importer-exporter code: the PAN, or ten digits. Example: 0512345678",
                        max_length=10,
                        separators=" -.",
                        validators=[erp.identifiers.validate_iec],
                        verbose_name="IEC",
                    ),
                ),
                ("website", models.URLField(blank=True, help_text="Example: https://www.example.com")),
                (
                    "preferred_language",
                    models.CharField(
                        default="en", help_text="Language of letters and messages. Example: en, hi, gu", max_length=10
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("inactive", "Inactive"),
                            ("blocked", "Blocked"),
                        ],
                        default="pending",
                        help_text="Trade needs an active partner. Blocked: sanctions or fraud.",
                        max_length=10,
                    ),
                ),
                (
                    "kyc_status",
                    models.CharField(
                        choices=[
                            ("not_started", "Not started"),
                            ("verified", "Verified"),
                            ("renewal_due", "Renewal due"),
                            ("expired", "Expired"),
                        ],
                        default="not_started",
                        help_text="Know your customer: was its identity checked?",
                        max_length=12,
                        verbose_name="KYC",
                    ),
                ),
                (
                    "kyc_verified_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When its identity was last checked.",
                        null=True,
                        verbose_name="KYC verified at",
                    ),
                ),
                (
                    "kyc_expires_on",
                    models.DateField(
                        blank=True,
                        help_text="Last day on which the check holds. Example: 2027-03-31",
                        null=True,
                        verbose_name="KYC expires on",
                    ),
                ),
                (
                    "risk_score",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="0 to 100; higher is safer. Example: 85 for a mill with a long clean record",
                        null=True,
                    ),
                ),
                (
                    "risk_category",
                    models.CharField(
                        blank=True,
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High")],
                        help_text="Example: Low for a score of 85",
                        max_length=6,
                    ),
                ),
                (
                    "risk_assessed_at",
                    models.DateTimeField(blank=True, help_text="When the risk was last assessed.", null=True),
                ),
                ("notes", models.TextField(blank=True, help_text="For the organization's staff.")),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "assigned_officer",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Who of the organization looks after this partner.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "country",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Where it is established. Example: India",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.country",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Whose partner this is; it never changes.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "parent_partner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="The partner that owns this one. A branch with its parent's PAN is entered with its parent.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partners.businesspartner",
                    ),
                ),
                (
                    "primary_currency",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="In which it usually trades. Example: INR",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.currency",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical business partner",
                "verbose_name_plural": "historical business partners",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="partners_hi_id_dfa23b_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="partners_hi_id_ecbaf0_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPartnerBankAccount",
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
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("active", "Active"), ("retired", "Retired")],
                        default="pending",
                        help_text="Payments go to active accounts only.",
                        max_length=8,
                    ),
                ),
                (
                    "verification_method",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("penny_drop", "Penny drop"),
                            ("cheque", "Cancelled cheque"),
                            ("letter", "Letter of the bank"),
                        ],
                        help_text="How it was proven to be the partner's. Example: Cancelled cheque",
                        max_length=10,
                        verbose_name="verified by",
                    ),
                ),
                (
                    "name_match_score",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="How well the bank's name of the holder fits the partner's, 0 to 100. Example: 97.50",
                        max_digits=5,
                        null=True,
                        verbose_name="name match %",
                    ),
                ),
                (
                    "effective_from",
                    models.DateField(blank=True, help_text="First day on which it is paid to.", null=True),
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
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partners.businesspartner",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical partner bank account",
                "verbose_name_plural": "historical partner bank accounts",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="partners_hi_id_54917d_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="partners_hi_id_e76723_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPartnerCommodity",
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
                    "side",
                    models.CharField(
                        choices=[("buy", "Buys"), ("sell", "Sells"), ("both", "Buys and sells")],
                        help_text="Example: Sells for a ginner",
                        max_length=4,
                    ),
                ),
                (
                    "annual_volume",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="Usual quantity a year. Example: 12000",
                        max_digits=18,
                        null=True,
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "commodity",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Example: Raw cotton",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="commodities.commodity",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partners.businesspartner",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Unit of the yearly quantity. Example: tonne",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="commodities.unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical partner commodity",
                "verbose_name_plural": "historical partner commodities",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="partners_hi_id_17f9cc_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="partners_hi_id_de9642_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPartnerContact",
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
                ("name", models.CharField(help_text="Example: Ramesh Patel", max_length=200)),
                ("designation", models.CharField(blank=True, help_text="Example: Purchase manager", max_length=100)),
                (
                    "email",
                    models.EmailField(
                        blank=True,
                        help_text="Example: ramesh.patel@example.com",
                        max_length=254,
                        verbose_name="email address",
                    ),
                ),
                (
                    "phone",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="With + and country code. Example: +919812345678",
                        max_length=16,
                        separators=" -.()",
                        validators=[erp.identifiers.validate_e164],
                    ),
                ),
                (
                    "is_primary",
                    models.BooleanField(
                        default=False, help_text="The first to call; one per partner.", verbose_name="primary"
                    ),
                ),
                (
                    "is_signatory",
                    models.BooleanField(
                        default=False, help_text="May sign contracts for the partner.", verbose_name="signatory"
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
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partners.businesspartner",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical partner contact",
                "verbose_name_plural": "historical partner contacts",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="partners_hi_id_05ba60_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="partners_hi_id_fdc097_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPartnerRole",
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
                    "role",
                    models.CharField(
                        choices=[
                            ("seller", "Seller"),
                            ("buyer", "Buyer"),
                            ("trader", "Trader"),
                            ("broker", "Broker"),
                            ("sub_broker", "Sub-broker"),
                            ("transporter", "Transporter"),
                            ("controller", "Controller"),
                            ("financer", "Financer"),
                            ("shipping_agent", "Shipping agent"),
                            ("importer", "Importer"),
                            ("exporter", "Exporter"),
                        ],
                        help_text="Example: Buyer for a spinning mill",
                        max_length=15,
                    ),
                ),
                (
                    "transporter_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("lorry_owner", "Lorry owner"),
                            ("commission_agent", "Transport commission agent"),
                            ("logistics_company", "Logistics company"),
                        ],
                        help_text="Transporters only. Example: Lorry owner",
                        max_length=20,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("ended", "Ended"),
                        ],
                        default="active",
                        help_text="New documents take a partner only in an active role.",
                        max_length=10,
                    ),
                ),
                (
                    "valid_from",
                    models.DateField(blank=True, help_text="First day in this role. Example: 2025-10-01", null=True),
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
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "parent_broker",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Sub-brokers only: the broker for whom it works.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partners.businesspartner",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partners.businesspartner",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical partner role",
                "verbose_name_plural": "historical partner roles",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="partners_hi_id_d32cf5_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="partners_hi_id_f8dc00_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPartnerTaxRegistration",
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
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("suspended", "Suspended"), ("cancelled", "Cancelled")],
                        default="active",
                        help_text="As the authority shows it. Example: Active",
                        max_length=10,
                    ),
                ),
                (
                    "verified_at",
                    models.DateTimeField(blank=True, help_text="When somebody last looked it up.", null=True),
                ),
                (
                    "verification_method",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("portal", "Looked up on the authority's portal"),
                            ("certificate", "Certificate seen"),
                        ],
                        help_text="Example: Looked up on the authority's portal",
                        max_length=12,
                        verbose_name="verified by",
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
                        help_text="Whose authority issued it. Example: India",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.country",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partners.businesspartner",
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
            ],
            options={
                "verbose_name": "historical partner tax registration",
                "verbose_name_plural": "historical partner tax registrations",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="partners_hi_id_180a02_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="partners_hi_id_1e4389_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="PartnerBankAccount",
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
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("active", "Active"), ("retired", "Retired")],
                        default="pending",
                        help_text="Payments go to active accounts only.",
                        max_length=8,
                    ),
                ),
                (
                    "verification_method",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("penny_drop", "Penny drop"),
                            ("cheque", "Cancelled cheque"),
                            ("letter", "Letter of the bank"),
                        ],
                        help_text="How it was proven to be the partner's. Example: Cancelled cheque",
                        max_length=10,
                        verbose_name="verified by",
                    ),
                ),
                (
                    "name_match_score",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="How well the bank's name of the holder fits the partner's, 0 to 100. Example: 97.50",
                        max_digits=5,
                        null=True,
                        verbose_name="name match %",
                    ),
                ),
                (
                    "effective_from",
                    models.DateField(blank=True, help_text="First day on which it is paid to.", null=True),
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
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bank_accounts",
                        to="partners.businesspartner",
                    ),
                ),
            ],
            options={
                "verbose_name": "partner bank account",
                "ordering": ("bank_name", "account_last4"),
                "abstract": False,
                "indexes": [models.Index(fields=["organization", "account_hmac"], name="partnerbankaccount_hmac")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ifsc", ""), ("ifsc__regex", "^[A-Z]{4}0[A-Z0-9]{6}$"), _connector="OR"),
                        name="partnerbankaccount_ifsc_format",
                        violation_error_message="Write the IFSC as four letters, 0 and six characters: SBIN0001234.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("swift_bic", ""),
                            ("swift_bic__regex", "^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$"),
                            _connector="OR",
                        ),
                        name="partnerbankaccount_swift_bic_format",
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
                        name="partnerbankaccount_payable",
                        violation_error_message="An account in India needs its IFSC, one elsewhere its IBAN or SWIFT/BIC.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("account_hmac__regex", "^[0-9a-f]{64}$")),
                        name="partnerbankaccount_has_number",
                        violation_error_message="Give the account number or the IBAN.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "active"), _negated=True),
                            models.Q(("verification_method", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="partnerbankaccount_active_is_verified",
                        violation_error_message="Verify the account before it becomes active: enter how it was proven.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_default", False), models.Q(("status", "retired"), _negated=True), _connector="OR"
                        ),
                        name="partnerbankaccount_default_in_use",
                        violation_error_message="A retired account can't be the default: choose another one first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("name_match_score__isnull", True), ("name_match_score__range", (0, 100)), _connector="OR"
                        ),
                        name="partnerbankaccount_name_match_range",
                        violation_error_message="The name match runs from 0 to 100 percent.",
                    ),
                    models.UniqueConstraint(
                        fields=("partner", "account_hmac"),
                        name="partnerbankaccount_number_unique",
                        violation_error_message="The partner has an account with this number already.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("partner", "currency"),
                        name="partnerbankaccount_one_default",
                        violation_error_message="Another account is the default of this currency: unmark that first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("purpose__in", ["operations", "collection", "payment", "tax", "trade_finance", "escrow"])
                        ),
                        name="partnerbankaccount_purpose_known",
                        violation_error_message="The purpose must be one of: Operations, Receipts, Payments, Taxes and duties, Letters of credit and trade finance, Escrow.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["pending", "active", "retired"])),
                        name="partnerbankaccount_status_known",
                        violation_error_message="The status must be one of: Pending, Active, Retired.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("verification_method__in", ["penny_drop", "cheque", "letter", ""])),
                        name="partnerbankaccount_verification_method_known",
                        violation_error_message="The verified by must be one of: Penny drop, Cancelled cheque, Letter of the bank.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerCommodity",
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
                    "side",
                    models.CharField(
                        choices=[("buy", "Buys"), ("sell", "Sells"), ("both", "Buys and sells")],
                        help_text="Example: Sells for a ginner",
                        max_length=4,
                    ),
                ),
                (
                    "annual_volume",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="Usual quantity a year. Example: 12000",
                        max_digits=18,
                        null=True,
                    ),
                ),
                (
                    "commodity",
                    models.ForeignKey(
                        help_text="Example: Raw cotton",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="partner_commodities",
                        to="commodities.commodity",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commodities",
                        to="partners.businesspartner",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        help_text="Unit of the yearly quantity. Example: tonne",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="commodities.unit",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "partner commodities",
                "ordering": ("commodity__name",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("partner", "commodity"),
                        name="partnercommodity_commodity_unique",
                        violation_error_message="The partner has this commodity already: change that entry.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("annual_volume__isnull", True), ("annual_volume__gt", 0), _connector="OR"),
                        name="partnercommodity_volume_positive",
                        violation_error_message="The yearly quantity must be above zero, or empty if nobody knows it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("annual_volume__isnull", True), ("unit__isnull", True)),
                            models.Q(("annual_volume__isnull", False), ("unit__isnull", False)),
                            _connector="OR",
                        ),
                        name="partnercommodity_volume_has_unit",
                        violation_error_message="Enter the yearly quantity together with its unit, or neither.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["buy", "sell", "both"])),
                        name="partnercommodity_side_known",
                        violation_error_message="The side must be one of: Buys, Sells, Buys and sells.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerContact",
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
                ("name", models.CharField(help_text="Example: Ramesh Patel", max_length=200)),
                ("designation", models.CharField(blank=True, help_text="Example: Purchase manager", max_length=100)),
                (
                    "email",
                    models.EmailField(
                        blank=True,
                        help_text="Example: ramesh.patel@example.com",
                        max_length=254,
                        verbose_name="email address",
                    ),
                ),
                (
                    "phone",
                    erp.identifiers.IdentifierField(
                        blank=True,
                        help_text="With + and country code. Example: +919812345678",
                        max_length=16,
                        separators=" -.()",
                        validators=[erp.identifiers.validate_e164],
                    ),
                ),
                (
                    "is_primary",
                    models.BooleanField(
                        default=False, help_text="The first to call; one per partner.", verbose_name="primary"
                    ),
                ),
                (
                    "is_signatory",
                    models.BooleanField(
                        default=False, help_text="May sign contracts for the partner.", verbose_name="signatory"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contacts",
                        to="partners.businesspartner",
                    ),
                ),
            ],
            options={
                "ordering": ("-is_primary", "name"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("id", "partner"),
                        name="partnercontact_id_partner",
                        violation_error_message="A contact belongs to one partner.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_primary", True)),
                        fields=("partner",),
                        name="partnercontact_one_primary",
                        violation_error_message="The partner has a primary contact already: unmark that one first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("email", ""), _negated=True),
                            models.Q(("phone", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="partnercontact_reachable",
                        violation_error_message="Give an email address or a telephone number.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("phone", ""), ("phone__regex", "^\\+[1-9][0-9]{6,14}$"), _connector="OR"),
                        name="partnercontact_phone_e164",
                        violation_error_message="Write the telephone number with + and country code: +919812345678.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerDocument",
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
                            ("pan_card", "PAN card"),
                            ("tax_certificate", "Tax registration certificate"),
                            ("incorporation", "Certificate of incorporation"),
                            ("partnership_deed", "Partnership deed"),
                            ("identity_proof", "Proof of identity"),
                            ("address_proof", "Proof of address"),
                            ("bank_proof", "Cancelled cheque or letter of the bank"),
                            ("iec_certificate", "Importer-exporter certificate"),
                            ("licence", "Trade licence"),
                            ("authorisation", "Board resolution or authorisation"),
                            ("agreement", "Agreement"),
                            ("other", "Other"),
                        ],
                        help_text="Example: Tax registration certificate",
                        max_length=20,
                        verbose_name="type",
                    ),
                ),
                (
                    "subtype",
                    models.CharField(blank=True, help_text="Which one exactly. Example: GST REG-06", max_length=60),
                ),
                (
                    "number",
                    models.CharField(
                        blank=True, help_text="Printed on the paper. Example: 27AAPFU0939F1ZV", max_length=60
                    ),
                ),
                (
                    "file",
                    models.FileField(
                        help_text="PDF, JPEG or PNG of at most 10 MB.",
                        max_length=200,
                        upload_to=partners.models.documents.private_path,
                    ),
                ),
                ("file_name", models.CharField(editable=False, max_length=200)),
                ("sha256", models.CharField(editable=False, max_length=64, verbose_name="SHA-256")),
                ("size", models.PositiveIntegerField(editable=False, verbose_name="size in bytes")),
                ("mime", models.CharField(editable=False, max_length=50, verbose_name="kind of file")),
                ("issued_on", models.DateField(blank=True, help_text="Example: 2024-04-01", null=True)),
                (
                    "expires_on",
                    models.DateField(blank=True, help_text="Last day; empty if it never expires.", null=True),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("uploaded", "Uploaded"),
                            ("verified", "Verified"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                        ],
                        default="uploaded",
                        help_text="Whoever changes it to verified or rejected is the verifier, and can't be the uploader.",
                        max_length=8,
                    ),
                ),
                ("verified_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "reject_reason",
                    models.CharField(
                        blank=True,
                        help_text="Rejected papers only. Example: Name differs from the PAN card",
                        max_length=300,
                    ),
                ),
                ("extracted", models.JSONField(blank=True, default=dict, editable=False)),
                (
                    "country",
                    models.ForeignKey(
                        help_text="Where it was issued. Example: India",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="locations.country",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="partners.businesspartner",
                    ),
                ),
                (
                    "supersedes",
                    models.ForeignKey(
                        blank=True,
                        help_text="The older paper that this one replaces.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="successors",
                        to="partners.partnerdocument",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploaded_documents",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "verified_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verified_documents",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("document_type", "-created_at"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("partner", "sha256"),
                        name="partnerdocument_file_unique",
                        violation_error_message="The partner has this very file already: choose another file.",
                    ),
                    models.UniqueConstraint(
                        fields=("id", "partner"),
                        name="partnerdocument_id_partner",
                        violation_error_message="A document belongs to one partner.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("mime__in", ["application/pdf", "image/jpeg", "image/png"]),
                            ("sha256__regex", "^[0-9a-f]{64}$"),
                            ("size__gt", 0),
                        ),
                        name="partnerdocument_file_known",
                        violation_error_message="Choose a PDF, JPEG or PNG file.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("issued_on__isnull", True),
                            ("expires_on__isnull", True),
                            ("expires_on__gt", models.F("issued_on")),
                            _connector="OR",
                        ),
                        name="partnerdocument_expiry_after_issue",
                        violation_error_message="The document must expire after the day of issue.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "verified"), _negated=True),
                            models.Q(
                                ("uploaded_by__isnull", False),
                                ("verified_at__isnull", False),
                                ("verified_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="partnerdocument_verified_has_verifier",
                        violation_error_message="A verified document needs who verified it and when, and a known uploader.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("verified_by__isnull", True),
                            ("uploaded_by__isnull", True),
                            models.Q(("verified_by", models.F("uploaded_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="partnerdocument_verifier_is_another",
                        violation_error_message="Nobody verifies what they uploaded: ask a colleague.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "rejected"), _negated=True),
                            models.Q(("reject_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="partnerdocument_rejected_has_reason",
                        violation_error_message="Say why the document is rejected.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("supersedes__isnull", True),
                            models.Q(("supersedes", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="partnerdocument_not_own_successor",
                        violation_error_message="A document can't replace itself: choose the older one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "document_type__in",
                                [
                                    "pan_card",
                                    "tax_certificate",
                                    "incorporation",
                                    "partnership_deed",
                                    "identity_proof",
                                    "address_proof",
                                    "bank_proof",
                                    "iec_certificate",
                                    "licence",
                                    "authorisation",
                                    "agreement",
                                    "other",
                                ],
                            )
                        ),
                        name="partnerdocument_document_type_known",
                        violation_error_message="The type must be one of: PAN card, Tax registration certificate, Certificate of incorporation, Partnership deed, Proof of identity, Proof of address, Cancelled cheque or letter of the bank, Importer-exporter certificate, Trade licence, Board resolution or authorisation, Agreement, Other.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["uploaded", "verified", "rejected", "expired"])),
                        name="partnerdocument_status_known",
                        violation_error_message="The status must be one of: Uploaded, Verified, Rejected, Expired.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalPartnerDocument",
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
                            ("pan_card", "PAN card"),
                            ("tax_certificate", "Tax registration certificate"),
                            ("incorporation", "Certificate of incorporation"),
                            ("partnership_deed", "Partnership deed"),
                            ("identity_proof", "Proof of identity"),
                            ("address_proof", "Proof of address"),
                            ("bank_proof", "Cancelled cheque or letter of the bank"),
                            ("iec_certificate", "Importer-exporter certificate"),
                            ("licence", "Trade licence"),
                            ("authorisation", "Board resolution or authorisation"),
                            ("agreement", "Agreement"),
                            ("other", "Other"),
                        ],
                        help_text="Example: Tax registration certificate",
                        max_length=20,
                        verbose_name="type",
                    ),
                ),
                (
                    "subtype",
                    models.CharField(blank=True, help_text="Which one exactly. Example: GST REG-06", max_length=60),
                ),
                (
                    "number",
                    models.CharField(
                        blank=True, help_text="Printed on the paper. Example: 27AAPFU0939F1ZV", max_length=60
                    ),
                ),
                ("file", models.TextField(help_text="PDF, JPEG or PNG of at most 10 MB.", max_length=200)),
                ("file_name", models.CharField(editable=False, max_length=200)),
                ("sha256", models.CharField(editable=False, max_length=64, verbose_name="SHA-256")),
                ("size", models.PositiveIntegerField(editable=False, verbose_name="size in bytes")),
                ("mime", models.CharField(editable=False, max_length=50, verbose_name="kind of file")),
                ("issued_on", models.DateField(blank=True, help_text="Example: 2024-04-01", null=True)),
                (
                    "expires_on",
                    models.DateField(blank=True, help_text="Last day; empty if it never expires.", null=True),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("uploaded", "Uploaded"),
                            ("verified", "Verified"),
                            ("rejected", "Rejected"),
                            ("expired", "Expired"),
                        ],
                        default="uploaded",
                        help_text="Whoever changes it to verified or rejected is the verifier, and can't be the uploader.",
                        max_length=8,
                    ),
                ),
                ("verified_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "reject_reason",
                    models.CharField(
                        blank=True,
                        help_text="Rejected papers only. Example: Name differs from the PAN card",
                        max_length=300,
                    ),
                ),
                ("extracted", models.JSONField(blank=True, default=dict, editable=False)),
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
                        help_text="Where it was issued. Example: India",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.country",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partners.businesspartner",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "verified_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "supersedes",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="The older paper that this one replaces.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partners.partnerdocument",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical partner document",
                "verbose_name_plural": "historical partner documents",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="partners_hi_id_535265_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="partners_hi_id_0b4891_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="PartnerRole",
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
                    "role",
                    models.CharField(
                        choices=[
                            ("seller", "Seller"),
                            ("buyer", "Buyer"),
                            ("trader", "Trader"),
                            ("broker", "Broker"),
                            ("sub_broker", "Sub-broker"),
                            ("transporter", "Transporter"),
                            ("controller", "Controller"),
                            ("financer", "Financer"),
                            ("shipping_agent", "Shipping agent"),
                            ("importer", "Importer"),
                            ("exporter", "Exporter"),
                        ],
                        help_text="Example: Buyer for a spinning mill",
                        max_length=15,
                    ),
                ),
                (
                    "transporter_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("lorry_owner", "Lorry owner"),
                            ("commission_agent", "Transport commission agent"),
                            ("logistics_company", "Logistics company"),
                        ],
                        help_text="Transporters only. Example: Lorry owner",
                        max_length=20,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("ended", "Ended"),
                        ],
                        default="active",
                        help_text="New documents take a partner only in an active role.",
                        max_length=10,
                    ),
                ),
                (
                    "valid_from",
                    models.DateField(blank=True, help_text="First day in this role. Example: 2025-10-01", null=True),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "parent_broker",
                    models.ForeignKey(
                        blank=True,
                        help_text="Sub-brokers only: the broker for whom it works.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sub_broker_roles",
                        to="partners.businesspartner",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="roles", to="partners.businesspartner"
                    ),
                ),
            ],
            options={
                "ordering": ("role",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("partner", "role"),
                        name="partnerrole_role_unique",
                        violation_error_message="The partner has this role already: change that entry.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("role", "sub_broker"), ("parent_broker__isnull", False)),
                            models.Q(models.Q(("role", "sub_broker"), _negated=True), ("parent_broker__isnull", True)),
                            _connector="OR",
                        ),
                        name="partnerrole_sub_broker_has_parent",
                        violation_error_message="A sub-broker needs its broker, and only a sub-broker has one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("role", "transporter"), models.Q(("transporter_kind", ""), _negated=True)),
                            models.Q(models.Q(("role", "transporter"), _negated=True), ("transporter_kind", "")),
                            _connector="OR",
                        ),
                        name="partnerrole_transporter_has_kind",
                        violation_error_message="A transporter needs its kind, and only a transporter has one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("parent_broker__isnull", True),
                            models.Q(("parent_broker", models.F("partner")), _negated=True),
                            _connector="OR",
                        ),
                        name="partnerrole_not_own_broker",
                        violation_error_message="A partner can't be its own broker: choose the broker for whom it works.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                [
                                    "seller",
                                    "buyer",
                                    "trader",
                                    "broker",
                                    "sub_broker",
                                    "transporter",
                                    "controller",
                                    "financer",
                                    "shipping_agent",
                                    "importer",
                                    "exporter",
                                ],
                            )
                        ),
                        name="partnerrole_role_known",
                        violation_error_message="The role must be one of: Seller, Buyer, Trader, Broker, Sub-broker, Transporter, Controller, Financer, Shipping agent, Importer, Exporter.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("transporter_kind__in", ["lorry_owner", "commission_agent", "logistics_company", ""])
                        ),
                        name="partnerrole_transporter_kind_known",
                        violation_error_message="The transporter kind must be one of: Lorry owner, Transport commission agent, Logistics company.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["pending", "active", "suspended", "ended"])),
                        name="partnerrole_status_known",
                        violation_error_message="The status must be one of: Pending, Active, Suspended, Ended.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerTaxRegistration",
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
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("suspended", "Suspended"), ("cancelled", "Cancelled")],
                        default="active",
                        help_text="As the authority shows it. Example: Active",
                        max_length=10,
                    ),
                ),
                (
                    "verified_at",
                    models.DateTimeField(blank=True, help_text="When somebody last looked it up.", null=True),
                ),
                (
                    "verification_method",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("portal", "Looked up on the authority's portal"),
                            ("certificate", "Certificate seen"),
                        ],
                        help_text="Example: Looked up on the authority's portal",
                        max_length=12,
                        verbose_name="verified by",
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
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tax_registrations",
                        to="partners.businesspartner",
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
                "verbose_name": "partner tax registration",
                "ordering": ("country", "scheme", "number"),
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__regex", "^[0-9A-Z]{4,20}$")),
                        name="partnertaxregistration_number_format",
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
                        name="partnertaxregistration_gstin_format",
                        violation_error_message="A GSTIN is Indian and has 15 characters, as 27AAPFU0939F1ZV.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("scheme", "gstin"), _negated=True),
                            ("subdivision__isnull", False),
                            ("number__regex", "^(97|99)"),
                            _connector="OR",
                        ),
                        name="partnertaxregistration_gstin_has_state",
                        violation_error_message="Choose the state that the GSTIN belongs to.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="partnertaxregistration_valid_range",
                        violation_error_message="The day of cancellation must come after the day of registration.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("verification_method", ""), ("verified_at__isnull", True)),
                            models.Q(
                                ("verified_at__isnull", False), models.Q(("verification_method", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="partnertaxregistration_proof_complete",
                        violation_error_message="Enter when and how the registration was verified, or neither.",
                    ),
                    models.UniqueConstraint(
                        fields=("organization", "scheme", "number"),
                        name="partnertaxregistration_number_unique",
                        violation_error_message="A partner of the organization has this number already: open that partner.",
                    ),
                    models.UniqueConstraint(
                        fields=("id", "partner"),
                        name="partnertaxregistration_id_partner",
                        violation_error_message="A tax registration belongs to one partner.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_primary", True)),
                        fields=("partner", "country"),
                        name="partnertaxregistration_one_primary",
                        violation_error_message="Another registration is the primary one of this country: unmark that first.",
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
                        name="partnertaxregistration_scheme_known",
                        violation_error_message="The scheme must be one of: GSTIN (India), VAT number, EIN (United States), TRN (United Arab Emirates), BIN (Bangladesh), USCC (China), MST (Viet Nam), VKN (Türkiye), NPWP (Indonesia), Tax number (Egypt), CNPJ (Brazil), Other tax number.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["active", "suspended", "cancelled"])),
                        name="partnertaxregistration_status_known",
                        violation_error_message="The status must be one of: Active, Suspended, Cancelled.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("verification_method__in", ["portal", "certificate", ""])),
                        name="partnertaxregistration_verification_method_known",
                        violation_error_message="The verified by must be one of: Looked up on the authority's portal, Certificate seen.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerLocation",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("principal", "Principal place of business"),
                            ("branch", "Branch"),
                            ("warehouse", "Warehouse"),
                            ("factory", "Factory"),
                            ("ship_to", "Delivery address"),
                            ("bill_to", "Billing address"),
                            ("port", "Port"),
                            ("icd", "Inland container depot"),
                        ],
                        help_text="Example: Factory",
                        max_length=10,
                    ),
                ),
                (
                    "name",
                    models.CharField(help_text="As people call it. Example: Kadi ginning factory", max_length=200),
                ),
                (
                    "address_line1",
                    models.CharField(
                        help_text="Example: Survey No. 112, Chhatral Road", max_length=200, verbose_name="address"
                    ),
                ),
                (
                    "address_line2",
                    models.CharField(
                        blank=True, help_text="Example: GIDC", max_length=200, verbose_name="address, second line"
                    ),
                ),
                ("city", models.CharField(help_text="Example: Kadi", max_length=100)),
                ("district", models.CharField(blank=True, help_text="Example: Mehsana", max_length=100)),
                ("postal_code", models.CharField(blank=True, help_text="Example: 382715", max_length=12)),
                (
                    "latitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Degrees, north positive. Example: 23.297800",
                        max_digits=9,
                        null=True,
                    ),
                ),
                (
                    "longitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Degrees, east positive. Example: 72.330200",
                        max_digits=9,
                        null=True,
                    ),
                ),
                (
                    "can_ship_to",
                    models.BooleanField(
                        default=False, help_text="Goods may be delivered here; buyers and traders only."
                    ),
                ),
                ("can_ship_from", models.BooleanField(default=False, help_text="Goods may be loaded here.")),
                (
                    "capacity_tonnes",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="What it can store, in tonnes. Example: 1500",
                        max_digits=12,
                        null=True,
                        verbose_name="capacity (t)",
                    ),
                ),
                (
                    "is_default_ship_to",
                    models.BooleanField(default=False, help_text="Proposed for deliveries; one per partner."),
                ),
                (
                    "is_default_ship_from",
                    models.BooleanField(default=False, help_text="Proposed for loading; one per partner."),
                ),
                (
                    "is_default_bill_to",
                    models.BooleanField(default=False, help_text="Proposed for invoices; one per partner."),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("active", "Active"), ("closed", "Closed")],
                        default="active",
                        help_text="Example: Active",
                        max_length=8,
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        help_text="Whom to call there, one of this partner's contacts.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="locations",
                        to="partners.partnercontact",
                    ),
                ),
                (
                    "country",
                    models.ForeignKey(
                        help_text="Example: India",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="locations.country",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        blank=True,
                        help_text="The town, port or yard of the location list. Example: Kadi",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="partner_locations",
                        to="locations.location",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="locations",
                        to="partners.businesspartner",
                    ),
                ),
                (
                    "subdivision",
                    models.ForeignKey(
                        blank=True,
                        help_text="State or province; required in India. Example: Gujarat",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="locations.subdivision",
                        verbose_name="state",
                    ),
                ),
                (
                    "tax_registration",
                    models.ForeignKey(
                        blank=True,
                        help_text="Under which the place trades, one of this partner's. Example: its GSTIN of Gujarat",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="locations",
                        to="partners.partnertaxregistration",
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("partner"),
                        django.db.models.functions.text.Lower("name"),
                        name="partnerlocation_name_unique",
                        violation_error_message="The partner has a place of this name already: choose another name.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "principal")),
                        fields=("partner",),
                        name="partnerlocation_one_principal",
                        violation_error_message="The partner has a principal place already: make this one a branch.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default_ship_to", True)),
                        fields=("partner",),
                        name="partnerlocation_one_ship_to",
                        violation_error_message="The partner has a default delivery address already: unmark that one first.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default_ship_from", True)),
                        fields=("partner",),
                        name="partnerlocation_one_ship_from",
                        violation_error_message="The partner has a default loading address already: unmark that one first.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default_bill_to", True)),
                        fields=("partner",),
                        name="partnerlocation_one_bill_to",
                        violation_error_message="The partner has a default billing address already: unmark that one first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_default_ship_to", False), ("can_ship_to", True), _connector="OR"),
                        name="partnerlocation_default_takes_goods",
                        violation_error_message="A default delivery address must be one where goods may be delivered.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_default_ship_from", False), ("can_ship_from", True), _connector="OR"),
                        name="partnerlocation_default_loads_goods",
                        violation_error_message="A default loading address must be one where goods may be loaded.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "ship_to"), _negated=True), ("can_ship_to", True), _connector="OR"
                        ),
                        name="partnerlocation_ship_to_takes_goods",
                        violation_error_message="A delivery address must be one where goods may be delivered.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("country", "IN"), _negated=True), ("subdivision__isnull", False), _connector="OR"
                        ),
                        name="partnerlocation_india_has_state",
                        violation_error_message="A place in India needs its state: GST depends on it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("latitude__isnull", True), ("longitude__isnull", True)),
                            models.Q(
                                ("latitude__isnull", False),
                                ("latitude__range", (-90, 90)),
                                ("longitude__isnull", False),
                                ("longitude__range", (-180, 180)),
                            ),
                            _connector="OR",
                        ),
                        name="partnerlocation_position_range",
                        violation_error_message="Give latitude (-90 to 90) and longitude (-180 to 180) together, or neither.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("capacity_tonnes__isnull", True), ("capacity_tonnes__gt", 0), _connector="OR"
                        ),
                        name="partnerlocation_capacity_positive",
                        violation_error_message="The capacity must be above zero, or empty if nobody knows it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                ["principal", "branch", "warehouse", "factory", "ship_to", "bill_to", "port", "icd"],
                            )
                        ),
                        name="partnerlocation_kind_known",
                        violation_error_message="The kind must be one of: Principal place of business, Branch, Warehouse, Factory, Delivery address, Billing address, Port, Inland container depot.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["pending", "active", "closed"])),
                        name="partnerlocation_status_known",
                        violation_error_message="The status must be one of: Pending, Active, Closed.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalPartnerLocation",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("principal", "Principal place of business"),
                            ("branch", "Branch"),
                            ("warehouse", "Warehouse"),
                            ("factory", "Factory"),
                            ("ship_to", "Delivery address"),
                            ("bill_to", "Billing address"),
                            ("port", "Port"),
                            ("icd", "Inland container depot"),
                        ],
                        help_text="Example: Factory",
                        max_length=10,
                    ),
                ),
                (
                    "name",
                    models.CharField(help_text="As people call it. Example: Kadi ginning factory", max_length=200),
                ),
                (
                    "address_line1",
                    models.CharField(
                        help_text="Example: Survey No. 112, Chhatral Road", max_length=200, verbose_name="address"
                    ),
                ),
                (
                    "address_line2",
                    models.CharField(
                        blank=True, help_text="Example: GIDC", max_length=200, verbose_name="address, second line"
                    ),
                ),
                ("city", models.CharField(help_text="Example: Kadi", max_length=100)),
                ("district", models.CharField(blank=True, help_text="Example: Mehsana", max_length=100)),
                ("postal_code", models.CharField(blank=True, help_text="Example: 382715", max_length=12)),
                (
                    "latitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Degrees, north positive. Example: 23.297800",
                        max_digits=9,
                        null=True,
                    ),
                ),
                (
                    "longitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Degrees, east positive. Example: 72.330200",
                        max_digits=9,
                        null=True,
                    ),
                ),
                (
                    "can_ship_to",
                    models.BooleanField(
                        default=False, help_text="Goods may be delivered here; buyers and traders only."
                    ),
                ),
                ("can_ship_from", models.BooleanField(default=False, help_text="Goods may be loaded here.")),
                (
                    "capacity_tonnes",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="What it can store, in tonnes. Example: 1500",
                        max_digits=12,
                        null=True,
                        verbose_name="capacity (t)",
                    ),
                ),
                (
                    "is_default_ship_to",
                    models.BooleanField(default=False, help_text="Proposed for deliveries; one per partner."),
                ),
                (
                    "is_default_ship_from",
                    models.BooleanField(default=False, help_text="Proposed for loading; one per partner."),
                ),
                (
                    "is_default_bill_to",
                    models.BooleanField(default=False, help_text="Proposed for invoices; one per partner."),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("active", "Active"), ("closed", "Closed")],
                        default="active",
                        help_text="Example: Active",
                        max_length=8,
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
                        help_text="Example: India",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.country",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="The town, port or yard of the location list. Example: Kadi",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.location",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partners.businesspartner",
                    ),
                ),
                (
                    "subdivision",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="State or province; required in India. Example: Gujarat",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.subdivision",
                        verbose_name="state",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Whom to call there, one of this partner's contacts.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partners.partnercontact",
                    ),
                ),
                (
                    "tax_registration",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Under which the place trades, one of this partner's. Example: its GSTIN of Gujarat",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="partners.partnertaxregistration",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical partner location",
                "verbose_name_plural": "historical partner locations",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="partners_hi_id_1cad95_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="partners_hi_id_fc5ec0_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
    ]
