import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.functions.text
import django.utils.timezone
import erp.models
import simple_history.models
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("events", "0001_event_log"),
    ]

    operations = [
        migrations.CreateModel(
            name="BargainType",
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
                    models.CharField(help_text="In capitals, as printed on contracts. Example: NET_30", max_length=30),
                ),
                ("name", models.CharField(help_text="As people call it. Example: Net 30 days", max_length=100)),
                (
                    "description",
                    models.CharField(blank=True, help_text="What it means, in one sentence.", max_length=300),
                ),
                (
                    "requires_approval",
                    models.BooleanField(default=False, help_text="A contract of this type waits for a second person."),
                ),
            ],
            options={
                "ordering": ("name",),
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code", django.db.models.functions.text.Upper(models.F("code")))),
                        name="bargaintype_code_upper",
                        violation_error_message="Write the code in capital letters.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Commodity",
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
                ("code", models.CharField(help_text="In capitals. Example: COTTON_LINT", max_length=30)),
                ("name", models.CharField(help_text="Example: Raw cotton, ginned, in bales", max_length=200)),
                (
                    "description",
                    models.CharField(blank=True, help_text="What it is, in one or two sentences.", max_length=500),
                ),
                (
                    "hs_code",
                    models.CharField(
                        help_text="Six digits, the same in every country. Example: 520100",
                        max_length=6,
                        verbose_name="HS code",
                    ),
                ),
                (
                    "price_quote_basis",
                    models.CharField(
                        choices=[("per_unit", "Currency per rate unit"), ("cents_per_lb", "Cents per pound")],
                        default="per_unit",
                        help_text="Exchange cotton is quoted in cents per pound.",
                        max_length=15,
                        verbose_name="price quoted in",
                    ),
                ),
                (
                    "lot_size",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Usual lot in trade units. Example: 170",
                        max_digits=18,
                        null=True,
                    ),
                ),
                (
                    "min_order_qty",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="In trade units. Example: 85",
                        max_digits=18,
                        null=True,
                        verbose_name="smallest order",
                    ),
                ),
                (
                    "delivery_tolerance_pct",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        help_text="More or less than the contract may be delivered. Example: 5.00",
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="delivery tolerance, %",
                    ),
                ),
                (
                    "weight_tolerance_pct",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        help_text="Difference of weights that nobody claims. Example: 0.50",
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="weight tolerance, %",
                    ),
                ),
                (
                    "shelf_life_days",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Empty: keeps indefinitely. Example: 365",
                        null=True,
                        verbose_name="shelf life, days",
                    ),
                ),
                (
                    "phytosanitary_required",
                    models.BooleanField(
                        default=False,
                        help_text="Needed when it crosses a border.",
                        verbose_name="phytosanitary certificate",
                    ),
                ),
                (
                    "fumigation_required",
                    models.BooleanField(
                        default=False, help_text="Needed before it is shipped.", verbose_name="fumigation certificate"
                    ),
                ),
                (
                    "is_hazardous",
                    models.BooleanField(
                        default=False, help_text="Dangerous goods papers are needed.", verbose_name="hazardous"
                    ),
                ),
                (
                    "storage_notes",
                    models.CharField(
                        blank=True, help_text="Example: Dry, away from oil; no open flame", max_length=500
                    ),
                ),
                (
                    "season_start_month",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Month of first arrivals, 1 to 12. Example: 10",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(12),
                        ],
                        verbose_name="season begins in",
                    ),
                ),
                (
                    "season_end_month",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Month of last arrivals, 1 to 12. Example: 3",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(12),
                        ],
                        verbose_name="season ends in",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "commodities",
                "ordering": ("name",),
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("name"), name="gin_trgm_ops"
                        ),
                        fastupdate=False,
                        name="commodity_name_trgm",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code", django.db.models.functions.text.Upper(models.F("code")))),
                        name="commodity_code_upper",
                        violation_error_message="Write the code in capital letters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("hs_code__regex", "^(0[1-9]|[1-8][0-9]|9[0-7])[0-9]{4}$")),
                        name="commodity_hs_code_form",
                        violation_error_message="An HS code has six digits and begins with a chapter from 01 to 97: 520100.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lot_size__isnull", True), ("lot_size__gt", 0), _connector="OR"),
                        name="commodity_lot_size_positive",
                        violation_error_message="The lot size must be above zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("min_order_qty__isnull", True), ("min_order_qty__gt", 0), _connector="OR"),
                        name="commodity_min_order_qty_positive",
                        violation_error_message="The smallest order must be above zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("delivery_tolerance_pct__range", (0, 100))),
                        name="commodity_delivery_tolerance_pct_range",
                        violation_error_message="The delivery tolerance lies between 0 and 100 %.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("weight_tolerance_pct__range", (0, 100))),
                        name="commodity_weight_tolerance_pct_range",
                        violation_error_message="The weight tolerance lies between 0 and 100 %.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("season_end_month__isnull", True), ("season_start_month__isnull", True)),
                            models.Q(
                                ("season_end_month__isnull", False),
                                ("season_end_month__range", (1, 12)),
                                ("season_start_month__isnull", False),
                                ("season_start_month__range", (1, 12)),
                            ),
                            _connector="OR",
                        ),
                        name="commodity_season_complete",
                        violation_error_message="Give both months of the season, each from 1 to 12, or neither.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("price_quote_basis__in", ["per_unit", "cents_per_lb"])),
                        name="commodity_price_quote_basis_known",
                        violation_error_message="The price quoted in must be one of: Currency per rate unit, Cents per pound.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CommodityCategory",
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
                ("code", models.CharField(help_text="In capitals. Example: COTTON_YARN", max_length=30)),
                ("name", models.CharField(help_text="Example: Cotton yarn", max_length=100)),
                (
                    "hs_chapter",
                    models.CharField(
                        blank=True,
                        help_text="Two digits, where the group is one chapter. Example: 52",
                        max_length=2,
                        verbose_name="HS chapter",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "commodity categories",
                "ordering": ("name",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code", django.db.models.functions.text.Upper(models.F("code")))),
                        name="commoditycategory_code_upper",
                        violation_error_message="Write the code in capital letters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("hs_chapter", ""), ("hs_chapter__regex", "^(0[1-9]|[1-8][0-9]|9[0-7])$"), _connector="OR"
                        ),
                        name="commoditycategory_hs_chapter_range",
                        violation_error_message="An HS chapter is two digits from 01 to 97.",
                    ),
                    models.UniqueConstraint(
                        fields=("code",),
                        name="commoditycategory_code_unique",
                        violation_error_message="Another category has this code.",
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"),
                        name="commoditycategory_name_unique",
                        violation_error_message="Another category has this name.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CommodityParameter",
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
                    "is_mandatory",
                    models.BooleanField(default=False, help_text="A contract must state it.", verbose_name="mandatory"),
                ),
                (
                    "display_order",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Lower stands first on documents. Example: 10", verbose_name="position"
                    ),
                ),
                (
                    "min_value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="Lowest value traded. Example: 28",
                        max_digits=12,
                        null=True,
                        verbose_name="minimum",
                    ),
                ),
                (
                    "max_value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="Highest value traded. Example: 32",
                        max_digits=12,
                        null=True,
                        verbose_name="maximum",
                    ),
                ),
                (
                    "default_value",
                    models.CharField(
                        blank=True,
                        help_text="Filled into new contracts. Example: 29",
                        max_length=50,
                        verbose_name="default",
                    ),
                ),
                (
                    "target",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="The value that the price stands for. Example: 29",
                        max_digits=12,
                        null=True,
                    ),
                ),
                (
                    "discount_below",
                    models.BooleanField(default=False, help_text="A value below the target lowers the price."),
                ),
                (
                    "discount_above",
                    models.BooleanField(default=False, help_text="A value above the target lowers the price."),
                ),
            ],
            options={
                "ordering": ("commodity", "display_order", "parameter"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("min_value__isnull", True),
                            ("max_value__isnull", True),
                            ("min_value__lte", models.F("max_value")),
                            _connector="OR",
                        ),
                        name="commodityparameter_bounds_ordered",
                        violation_error_message="The minimum is above the maximum.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("discount_above", False), ("discount_below", False)),
                            ("target__isnull", False),
                            _connector="OR",
                        ),
                        name="commodityparameter_discount_needs_target",
                        violation_error_message="A discount needs a target to count from: give the target.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CommodityTaxCode",
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
                            ("hsn", "HSN (India, GST)"),
                            ("hts", "HTS (United States)"),
                            ("cn", "CN (European Union)"),
                            ("ncm", "NCM (Mercosur)"),
                            ("itc_hs", "ITC-HS (India, trade)"),
                        ],
                        help_text="List that the code stands in. Example: HSN",
                        max_length=10,
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        help_text="4 to 12 digits; the first are the HS code. Example: 52010015", max_length=12
                    ),
                ),
                (
                    "tax_type",
                    models.CharField(
                        choices=[("gst", "GST"), ("vat", "VAT"), ("igst", "IGST"), ("duty", "Customs duty")],
                        help_text="Example: GST",
                        max_length=10,
                        verbose_name="tax",
                    ),
                ),
                (
                    "rate",
                    models.DecimalField(
                        decimal_places=3, help_text="Example: 5.000", max_digits=6, verbose_name="rate, %"
                    ),
                ),
                ("valid_from", models.DateField(help_text="First day of this rate. Example: 1 July 2017")),
                (
                    "valid_to",
                    models.DateField(
                        blank=True,
                        help_text="First day that it holds no longer; empty: still valid.",
                        null=True,
                        verbose_name="valid until before",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True, help_text="Notification or schedule. Example: CBIC 1/2017, Sch. I", max_length=200
                    ),
                ),
            ],
            options={
                "ordering": ("commodity", "country", "scheme", "tax_type", "-valid_from"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code__regex", "^[0-9]{4,12}$")),
                        name="commoditytaxcode_code_form",
                        violation_error_message="A tax code has 4 to 12 digits: 52010015.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rate__gte", 0)),
                        name="commoditytaxcode_rate_not_negative",
                        violation_error_message="The rate can't be below zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="commoditytaxcode_dates_ordered",
                        violation_error_message="The last day must come after the first day.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("scheme__in", ["hsn", "hts", "cn", "ncm", "itc_hs"])),
                        name="commoditytaxcode_scheme_known",
                        violation_error_message="The scheme must be one of: HSN (India, GST), HTS (United States), CN (European Union), NCM (Mercosur), ITC-HS (India, trade).",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tax_type__in", ["gst", "vat", "igst", "duty"])),
                        name="commoditytaxcode_tax_type_known",
                        violation_error_message="The tax must be one of: GST, VAT, IGST, Customs duty.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CommodityVariety",
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
                ("code", models.CharField(help_text="In capitals. Example: SHANKAR_6", max_length=30)),
                ("name", models.CharField(help_text="Example: Shankar-6", max_length=100)),
                (
                    "species",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("hirsutum", "G. hirsutum"),
                            ("barbadense", "G. barbadense"),
                            ("arboreum", "G. arboreum"),
                            ("herbaceum", "G. herbaceum"),
                        ],
                        help_text="Cotton only. Example: G. hirsutum",
                        max_length=15,
                    ),
                ),
                (
                    "staple_class",
                    models.CharField(
                        blank=True,
                        choices=[("short", "Short"), ("medium", "Medium"), ("long", "Long"), ("els", "Extra long")],
                        help_text="Cotton only. Example: Long",
                        max_length=10,
                        verbose_name="staple",
                    ),
                ),
                (
                    "is_standard",
                    models.BooleanField(
                        default=True, help_text="Recognised in contracts and price lists.", verbose_name="standard"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "commodity varieties",
                "ordering": ("commodity", "name"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code", django.db.models.functions.text.Upper(models.F("code")))),
                        name="commodityvariety_code_upper",
                        violation_error_message="Write the code in capital letters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("species__in", ["hirsutum", "barbadense", "arboreum", "herbaceum", ""])),
                        name="commodityvariety_species_known",
                        violation_error_message="The species must be one of: G. hirsutum, G. barbadense, G. arboreum, G. herbaceum.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("staple_class__in", ["short", "medium", "long", "els", ""])),
                        name="commodityvariety_staple_class_known",
                        violation_error_message="The staple must be one of: Short, Medium, Long, Extra long.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeliveryTerm",
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
                    models.CharField(help_text="In capitals, as printed on contracts. Example: NET_30", max_length=30),
                ),
                ("name", models.CharField(help_text="As people call it. Example: Net 30 days", max_length=100)),
                (
                    "description",
                    models.CharField(blank=True, help_text="What it means, in one sentence.", max_length=300),
                ),
                (
                    "incoterm",
                    models.CharField(
                        choices=[
                            ("exw", "EXW"),
                            ("fca", "FCA"),
                            ("cpt", "CPT"),
                            ("cip", "CIP"),
                            ("dap", "DAP"),
                            ("dpu", "DPU"),
                            ("ddp", "DDP"),
                            ("fas", "FAS"),
                            ("fob", "FOB"),
                            ("cfr", "CFR"),
                            ("cif", "CIF"),
                            ("ex_gin", "Ex gin"),
                            ("spot", "Spot"),
                            ("ex_warehouse", "Ex warehouse"),
                            ("delivered_mill", "Delivered at mill"),
                        ],
                        help_text="Example: CIF",
                        max_length=15,
                        verbose_name="rule",
                    ),
                ),
                (
                    "transport_modes",
                    models.CharField(
                        choices=[("any", "Any"), ("sea", "Sea and inland waterway")],
                        default="any",
                        help_text="FAS, FOB, CFR and CIF: sea only.",
                        max_length=5,
                        verbose_name="transport",
                    ),
                ),
                (
                    "named_place_required",
                    models.BooleanField(
                        default=True, help_text="A contract must name the place. Example: CIF Chattogram"
                    ),
                ),
                (
                    "freight_by",
                    models.CharField(
                        choices=[("buyer", "Buyer"), ("seller", "Seller")],
                        help_text="Example: Seller",
                        max_length=10,
                        verbose_name="freight paid by",
                    ),
                ),
                (
                    "insurance_by",
                    models.CharField(
                        choices=[("buyer", "Buyer"), ("seller", "Seller")],
                        help_text="Example: Seller",
                        max_length=10,
                        verbose_name="insurance paid by",
                    ),
                ),
                (
                    "insurance_clause",
                    models.CharField(
                        blank=True,
                        choices=[("a", "A, all risks"), ("b", "B, named perils"), ("c", "C, basic cover")],
                        help_text="Least cover that the seller owes: A for CIP, C for CIF.",
                        max_length=1,
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code", django.db.models.functions.text.Upper(models.F("code")))),
                        name="deliveryterm_code_upper",
                        violation_error_message="Write the code in capital letters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("incoterm__in", ("fas", "fob", "cfr", "cif")), _negated=True),
                            ("transport_modes", "sea"),
                            _connector="OR",
                        ),
                        name="deliveryterm_sea_only",
                        violation_error_message="FAS, FOB, CFR and CIF are for sea transport only: choose sea, or FCA, CPT or CIP.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("incoterm", "cip"), _negated=True), ("insurance_clause", "a"), _connector="OR"
                        ),
                        name="deliveryterm_cip_clause_a",
                        violation_error_message="Under CIP the seller owes insurance clause A.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("incoterm", "cif"), _negated=True), ("insurance_clause", "c"), _connector="OR"
                        ),
                        name="deliveryterm_cif_clause_c",
                        violation_error_message="Under CIF the seller owes insurance clause C.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "incoterm__in",
                                [
                                    "exw",
                                    "fca",
                                    "cpt",
                                    "cip",
                                    "dap",
                                    "dpu",
                                    "ddp",
                                    "fas",
                                    "fob",
                                    "cfr",
                                    "cif",
                                    "ex_gin",
                                    "spot",
                                    "ex_warehouse",
                                    "delivered_mill",
                                ],
                            )
                        ),
                        name="deliveryterm_incoterm_known",
                        violation_error_message="The rule must be one of: EXW, FCA, CPT, CIP, DAP, DPU, DDP, FAS, FOB, CFR, CIF, Ex gin, Spot, Ex warehouse, Delivered at mill.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("transport_modes__in", ["any", "sea"])),
                        name="deliveryterm_transport_modes_known",
                        violation_error_message="The transport must be one of: Any, Sea and inland waterway.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("freight_by__in", ["buyer", "seller"])),
                        name="deliveryterm_freight_by_known",
                        violation_error_message="The freight paid by must be one of: Buyer, Seller.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("insurance_by__in", ["buyer", "seller"])),
                        name="deliveryterm_insurance_by_known",
                        violation_error_message="The insurance paid by must be one of: Buyer, Seller.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("insurance_clause__in", ["a", "b", "c", ""])),
                        name="deliveryterm_insurance_clause_known",
                        violation_error_message="The insurance clause must be one of: A, all risks, B, named perils, C, basic cover.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalBargainType",
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
                    models.CharField(help_text="In capitals, as printed on contracts. Example: NET_30", max_length=30),
                ),
                ("name", models.CharField(help_text="As people call it. Example: Net 30 days", max_length=100)),
                (
                    "description",
                    models.CharField(blank=True, help_text="What it means, in one sentence.", max_length=300),
                ),
                (
                    "requires_approval",
                    models.BooleanField(default=False, help_text="A contract of this type waits for a second person."),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical bargain type",
                "verbose_name_plural": "historical bargain types",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_8f585e_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_59717b_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalCommodity",
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
                ("code", models.CharField(help_text="In capitals. Example: COTTON_LINT", max_length=30)),
                ("name", models.CharField(help_text="Example: Raw cotton, ginned, in bales", max_length=200)),
                (
                    "description",
                    models.CharField(blank=True, help_text="What it is, in one or two sentences.", max_length=500),
                ),
                (
                    "hs_code",
                    models.CharField(
                        help_text="Six digits, the same in every country. Example: 520100",
                        max_length=6,
                        verbose_name="HS code",
                    ),
                ),
                (
                    "price_quote_basis",
                    models.CharField(
                        choices=[("per_unit", "Currency per rate unit"), ("cents_per_lb", "Cents per pound")],
                        default="per_unit",
                        help_text="Exchange cotton is quoted in cents per pound.",
                        max_length=15,
                        verbose_name="price quoted in",
                    ),
                ),
                (
                    "lot_size",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Usual lot in trade units. Example: 170",
                        max_digits=18,
                        null=True,
                    ),
                ),
                (
                    "min_order_qty",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="In trade units. Example: 85",
                        max_digits=18,
                        null=True,
                        verbose_name="smallest order",
                    ),
                ),
                (
                    "delivery_tolerance_pct",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        help_text="More or less than the contract may be delivered. Example: 5.00",
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="delivery tolerance, %",
                    ),
                ),
                (
                    "weight_tolerance_pct",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        help_text="Difference of weights that nobody claims. Example: 0.50",
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="weight tolerance, %",
                    ),
                ),
                (
                    "shelf_life_days",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Empty: keeps indefinitely. Example: 365",
                        null=True,
                        verbose_name="shelf life, days",
                    ),
                ),
                (
                    "phytosanitary_required",
                    models.BooleanField(
                        default=False,
                        help_text="Needed when it crosses a border.",
                        verbose_name="phytosanitary certificate",
                    ),
                ),
                (
                    "fumigation_required",
                    models.BooleanField(
                        default=False, help_text="Needed before it is shipped.", verbose_name="fumigation certificate"
                    ),
                ),
                (
                    "is_hazardous",
                    models.BooleanField(
                        default=False, help_text="Dangerous goods papers are needed.", verbose_name="hazardous"
                    ),
                ),
                (
                    "storage_notes",
                    models.CharField(
                        blank=True, help_text="Example: Dry, away from oil; no open flame", max_length=500
                    ),
                ),
                (
                    "season_start_month",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Month of first arrivals, 1 to 12. Example: 10",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(12),
                        ],
                        verbose_name="season begins in",
                    ),
                ),
                (
                    "season_end_month",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Month of last arrivals, 1 to 12. Example: 3",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(12),
                        ],
                        verbose_name="season ends in",
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical commodity",
                "verbose_name_plural": "historical commodities",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_443ba5_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_58bb10_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalCommodityCategory",
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
                ("code", models.CharField(help_text="In capitals. Example: COTTON_YARN", max_length=30)),
                ("name", models.CharField(help_text="Example: Cotton yarn", max_length=100)),
                (
                    "hs_chapter",
                    models.CharField(
                        blank=True,
                        help_text="Two digits, where the group is one chapter. Example: 52",
                        max_length=2,
                        verbose_name="HS chapter",
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical commodity category",
                "verbose_name_plural": "historical commodity categories",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_227445_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_a5ca8f_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalCommodityParameter",
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
                    "is_mandatory",
                    models.BooleanField(default=False, help_text="A contract must state it.", verbose_name="mandatory"),
                ),
                (
                    "display_order",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Lower stands first on documents. Example: 10", verbose_name="position"
                    ),
                ),
                (
                    "min_value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="Lowest value traded. Example: 28",
                        max_digits=12,
                        null=True,
                        verbose_name="minimum",
                    ),
                ),
                (
                    "max_value",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="Highest value traded. Example: 32",
                        max_digits=12,
                        null=True,
                        verbose_name="maximum",
                    ),
                ),
                (
                    "default_value",
                    models.CharField(
                        blank=True,
                        help_text="Filled into new contracts. Example: 29",
                        max_length=50,
                        verbose_name="default",
                    ),
                ),
                (
                    "target",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="The value that the price stands for. Example: 29",
                        max_digits=12,
                        null=True,
                    ),
                ),
                (
                    "discount_below",
                    models.BooleanField(default=False, help_text="A value below the target lowers the price."),
                ),
                (
                    "discount_above",
                    models.BooleanField(default=False, help_text="A value above the target lowers the price."),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical commodity parameter",
                "verbose_name_plural": "historical commodity parameters",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_6b6570_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_ab6c99_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalCommodityTaxCode",
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
                            ("hsn", "HSN (India, GST)"),
                            ("hts", "HTS (United States)"),
                            ("cn", "CN (European Union)"),
                            ("ncm", "NCM (Mercosur)"),
                            ("itc_hs", "ITC-HS (India, trade)"),
                        ],
                        help_text="List that the code stands in. Example: HSN",
                        max_length=10,
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        help_text="4 to 12 digits; the first are the HS code. Example: 52010015", max_length=12
                    ),
                ),
                (
                    "tax_type",
                    models.CharField(
                        choices=[("gst", "GST"), ("vat", "VAT"), ("igst", "IGST"), ("duty", "Customs duty")],
                        help_text="Example: GST",
                        max_length=10,
                        verbose_name="tax",
                    ),
                ),
                (
                    "rate",
                    models.DecimalField(
                        decimal_places=3, help_text="Example: 5.000", max_digits=6, verbose_name="rate, %"
                    ),
                ),
                ("valid_from", models.DateField(help_text="First day of this rate. Example: 1 July 2017")),
                (
                    "valid_to",
                    models.DateField(
                        blank=True,
                        help_text="First day that it holds no longer; empty: still valid.",
                        null=True,
                        verbose_name="valid until before",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True, help_text="Notification or schedule. Example: CBIC 1/2017, Sch. I", max_length=200
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical commodity tax code",
                "verbose_name_plural": "historical commodity tax codes",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_42070e_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_31cba3_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalCommodityVariety",
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
                ("code", models.CharField(help_text="In capitals. Example: SHANKAR_6", max_length=30)),
                ("name", models.CharField(help_text="Example: Shankar-6", max_length=100)),
                (
                    "species",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("hirsutum", "G. hirsutum"),
                            ("barbadense", "G. barbadense"),
                            ("arboreum", "G. arboreum"),
                            ("herbaceum", "G. herbaceum"),
                        ],
                        help_text="Cotton only. Example: G. hirsutum",
                        max_length=15,
                    ),
                ),
                (
                    "staple_class",
                    models.CharField(
                        blank=True,
                        choices=[("short", "Short"), ("medium", "Medium"), ("long", "Long"), ("els", "Extra long")],
                        help_text="Cotton only. Example: Long",
                        max_length=10,
                        verbose_name="staple",
                    ),
                ),
                (
                    "is_standard",
                    models.BooleanField(
                        default=True, help_text="Recognised in contracts and price lists.", verbose_name="standard"
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical commodity variety",
                "verbose_name_plural": "historical commodity varieties",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_a7d5cf_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_d8c799_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalDeliveryTerm",
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
                    models.CharField(help_text="In capitals, as printed on contracts. Example: NET_30", max_length=30),
                ),
                ("name", models.CharField(help_text="As people call it. Example: Net 30 days", max_length=100)),
                (
                    "description",
                    models.CharField(blank=True, help_text="What it means, in one sentence.", max_length=300),
                ),
                (
                    "incoterm",
                    models.CharField(
                        choices=[
                            ("exw", "EXW"),
                            ("fca", "FCA"),
                            ("cpt", "CPT"),
                            ("cip", "CIP"),
                            ("dap", "DAP"),
                            ("dpu", "DPU"),
                            ("ddp", "DDP"),
                            ("fas", "FAS"),
                            ("fob", "FOB"),
                            ("cfr", "CFR"),
                            ("cif", "CIF"),
                            ("ex_gin", "Ex gin"),
                            ("spot", "Spot"),
                            ("ex_warehouse", "Ex warehouse"),
                            ("delivered_mill", "Delivered at mill"),
                        ],
                        help_text="Example: CIF",
                        max_length=15,
                        verbose_name="rule",
                    ),
                ),
                (
                    "transport_modes",
                    models.CharField(
                        choices=[("any", "Any"), ("sea", "Sea and inland waterway")],
                        default="any",
                        help_text="FAS, FOB, CFR and CIF: sea only.",
                        max_length=5,
                        verbose_name="transport",
                    ),
                ),
                (
                    "named_place_required",
                    models.BooleanField(
                        default=True, help_text="A contract must name the place. Example: CIF Chattogram"
                    ),
                ),
                (
                    "freight_by",
                    models.CharField(
                        choices=[("buyer", "Buyer"), ("seller", "Seller")],
                        help_text="Example: Seller",
                        max_length=10,
                        verbose_name="freight paid by",
                    ),
                ),
                (
                    "insurance_by",
                    models.CharField(
                        choices=[("buyer", "Buyer"), ("seller", "Seller")],
                        help_text="Example: Seller",
                        max_length=10,
                        verbose_name="insurance paid by",
                    ),
                ),
                (
                    "insurance_clause",
                    models.CharField(
                        blank=True,
                        choices=[("a", "A, all risks"), ("b", "B, named perils"), ("c", "C, basic cover")],
                        help_text="Least cover that the seller owes: A for CIP, C for CIF.",
                        max_length=1,
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical delivery term",
                "verbose_name_plural": "historical delivery terms",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_16d5c7_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_d9d18f_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalHsHeading",
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
                ("code", models.CharField(help_text="2, 4 or 6 digits. Example: 520100", max_length=6)),
                ("description", models.CharField(help_text="Example: Cotton, not carded or combed", max_length=200)),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical HS heading",
                "verbose_name_plural": "historical HS headings",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_8514f2_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_b4761a_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPackagingUnit",
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
                ("code", models.CharField(help_text="In capitals. Example: BALE_IN", max_length=30)),
                (
                    "net_weight_kg",
                    models.DecimalField(
                        decimal_places=6,
                        help_text="Goods in one piece. Example: 170",
                        max_digits=12,
                        verbose_name="net weight, kg",
                    ),
                ),
                (
                    "tare_kg",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Packing of one piece. Example: 2.5",
                        max_digits=12,
                        null=True,
                        verbose_name="tare, kg",
                    ),
                ),
                (
                    "pieces_per_container",
                    models.PositiveIntegerField(
                        blank=True, help_text="In a container of 40 feet. Example: 150", null=True
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical packaging unit",
                "verbose_name_plural": "historical packaging units",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_52cdf7_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_134fd2_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPassingTerm",
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
                    models.CharField(help_text="In capitals, as printed on contracts. Example: NET_30", max_length=30),
                ),
                ("name", models.CharField(help_text="As people call it. Example: Net 30 days", max_length=100)),
                (
                    "description",
                    models.CharField(blank=True, help_text="What it means, in one sentence.", max_length=300),
                ),
                (
                    "requires_quality_test",
                    models.BooleanField(default=False, help_text="Acceptance waits for a test report."),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical passing term",
                "verbose_name_plural": "historical passing terms",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_98779f_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_991e86_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPaymentTerm",
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
                    models.CharField(help_text="In capitals, as printed on contracts. Example: NET_30", max_length=30),
                ),
                ("name", models.CharField(help_text="As people call it. Example: Net 30 days", max_length=100)),
                (
                    "description",
                    models.CharField(blank=True, help_text="What it means, in one sentence.", max_length=300),
                ),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Days until payment is due; 0: at once. Example: 30"
                    ),
                ),
                (
                    "advance_pct",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        help_text="Paid before dispatch. Example: 20.00",
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="advance, %",
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("tt", "Bank transfer"),
                            ("lc_sight", "Letter of credit at sight"),
                            ("lc_usance", "Usance letter of credit"),
                            ("cad", "Cash against documents"),
                            ("dp", "Documents against payment"),
                            ("da", "Documents against acceptance"),
                            ("open", "Open account"),
                        ],
                        help_text="Example: Letter of credit at sight",
                        max_length=10,
                    ),
                ),
                (
                    "lc_confirmation",
                    models.CharField(
                        blank=True,
                        choices=[("confirmed", "Confirmed"), ("unconfirmed", "Not confirmed")],
                        help_text="Whether a second bank guarantees it; empty where there is no letter of credit.",
                        max_length=12,
                        verbose_name="confirmation of the letter of credit",
                    ),
                ),
                (
                    "charges_borne_by",
                    models.CharField(
                        blank=True,
                        choices=[("buyer", "Buyer"), ("seller", "Seller"), ("shared", "Each its own")],
                        help_text="Example: Buyer",
                        max_length=10,
                        verbose_name="bank charges borne by",
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical payment term",
                "verbose_name_plural": "historical payment terms",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_4d0ee7_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_6788fc_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalQualityParameter",
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
                ("code", models.CharField(help_text="In capitals. Example: STAPLE_MM", max_length=30)),
                ("name", models.CharField(help_text="Example: Staple length", max_length=100)),
                (
                    "data_type",
                    models.CharField(
                        choices=[
                            ("decimal", "Decimal number"),
                            ("integer", "Whole number"),
                            ("text", "Text"),
                            ("choice", "Choice"),
                            ("bool", "Yes or no"),
                        ],
                        help_text="Example: Decimal number",
                        max_length=10,
                        verbose_name="kind of value",
                    ),
                ),
                (
                    "unit_text",
                    models.CharField(
                        blank=True,
                        help_text="As printed after the value. Example: mm",
                        max_length=20,
                        verbose_name="unit",
                    ),
                ),
                (
                    "decimals",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Example: 2 for 28.75 mm",
                        validators=[django.core.validators.MaxValueValidator(6)],
                        verbose_name="decimal places",
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("hvi", "HVI"),
                            ("afis", "AFIS"),
                            ("gravimetric", "Gravimetric"),
                            ("visual", "Visual"),
                        ],
                        help_text="How it is measured. Example: HVI",
                        max_length=15,
                    ),
                ),
                (
                    "hard_min",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="Below is a typing error. Example: 10",
                        max_digits=12,
                        null=True,
                        verbose_name="lowest possible",
                    ),
                ),
                (
                    "hard_max",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="Above is a typing error. Example: 45",
                        max_digits=12,
                        null=True,
                        verbose_name="highest possible",
                    ),
                ),
                (
                    "choices",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=50),
                        blank=True,
                        default=list,
                        help_text="Values to choose from, separated by commas; only for the kind Choice. Example: roller,saw",
                        size=None,
                    ),
                ),
                (
                    "description",
                    models.CharField(
                        blank=True, help_text="What the value means and where to take care.", max_length=300
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical quality parameter",
                "verbose_name_plural": "historical quality parameters",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_2ac389_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_bdb775_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalTradeType",
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
                    models.CharField(help_text="In capitals, as printed on contracts. Example: NET_30", max_length=30),
                ),
                ("name", models.CharField(help_text="As people call it. Example: Net 30 days", max_length=100)),
                (
                    "description",
                    models.CharField(blank=True, help_text="What it means, in one sentence.", max_length=300),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical trade type",
                "verbose_name_plural": "historical trade types",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_37a072_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_ab3c76_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalUnit",
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
                    models.CharField(
                        help_text="In capitals, UN/ECE code where there is one. Example: LBR", max_length=20
                    ),
                ),
                ("name", models.CharField(help_text="Example: Pound", max_length=100)),
                (
                    "symbol",
                    models.CharField(blank=True, help_text="As printed after a quantity. Example: lb", max_length=20),
                ),
                (
                    "dimension",
                    models.CharField(
                        choices=[
                            ("mass", "Mass"),
                            ("length", "Length"),
                            ("volume", "Volume"),
                            ("count", "Count"),
                            ("area", "Area"),
                        ],
                        help_text="Only units of one dimension convert into each other.",
                        max_length=10,
                    ),
                ),
                (
                    "factor_to_base",
                    models.DecimalField(
                        decimal_places=12,
                        help_text="How many base units one unit is. Example: 0.45359237 for a pound in kilograms",
                        max_digits=24,
                        verbose_name="factor to base unit",
                    ),
                ),
                (
                    "is_base",
                    models.BooleanField(
                        default=False,
                        help_text="The unit that others of the dimension are expressed in. Example: Kilogram",
                        verbose_name="base unit",
                    ),
                ),
                (
                    "is_exact",
                    models.BooleanField(
                        default=True,
                        help_text="The factor is a definition and not a rounded or regional value.",
                        verbose_name="exact",
                    ),
                ),
                (
                    "un_ece_rec20",
                    models.CharField(
                        blank=True,
                        help_text="Recommendation 20 or 21, for customs and e-invoices. Example: KGM",
                        max_length=3,
                        verbose_name="UN/ECE code",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        help_text="Where the factor comes from. Example: 784 lb of 0.45359237 kg",
                        max_length=200,
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical unit",
                "verbose_name_plural": "historical units",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_a58c17_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_2bab8e_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalUnitConversionOverride",
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
                    "factor",
                    models.DecimalField(
                        decimal_places=12,
                        help_text="How many of the second unit one of the first is. Example: 355.62",
                        max_digits=24,
                    ),
                ),
                (
                    "valid_from",
                    models.DateField(
                        help_text="First day of this conversion; it holds until a later one begins. Example: 1 October 2025"
                    ),
                ),
                ("reason", models.CharField(help_text="Example: Buyers print 355.62 kg per candy", max_length=200)),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical unit conversion override",
                "verbose_name_plural": "historical unit conversion overrides",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_5b31ac_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_140ec6_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalWeightmentTerm",
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
                    models.CharField(help_text="In capitals, as printed on contracts. Example: NET_30", max_length=30),
                ),
                ("name", models.CharField(help_text="As people call it. Example: Net 30 days", max_length=100)),
                (
                    "description",
                    models.CharField(blank=True, help_text="What it means, in one sentence.", max_length=300),
                ),
                (
                    "deduction_pct",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        help_text="Taken off the weighed quantity. Example: 0.50",
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="deduction, %",
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[("net", "Net weight"), ("gross", "Gross weight"), ("condition", "Conditioned weight")],
                        help_text="Example: Net weight",
                        max_length=10,
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical weightment term",
                "verbose_name_plural": "historical weightment terms",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="commodities_id_c66a16_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="commodities_id_d51b83_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HsHeading",
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
                ("code", models.CharField(help_text="2, 4 or 6 digits. Example: 520100", max_length=6)),
                ("description", models.CharField(help_text="Example: Cotton, not carded or combed", max_length=200)),
            ],
            options={
                "verbose_name": "HS heading",
                "ordering": ("code",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code__regex", "^(0[1-9]|[1-8][0-9]|9[0-7])([0-9]{2}){0,2}$")),
                        name="hsheading_code_form",
                        violation_error_message="An HS code has 2, 4 or 6 digits and begins with a chapter from 01 to 97.",
                    ),
                    models.UniqueConstraint(
                        fields=("code",),
                        name="hsheading_code_unique",
                        violation_error_message="This HS code is here already.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PackagingUnit",
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
                ("code", models.CharField(help_text="In capitals. Example: BALE_IN", max_length=30)),
                (
                    "net_weight_kg",
                    models.DecimalField(
                        decimal_places=6,
                        help_text="Goods in one piece. Example: 170",
                        max_digits=12,
                        verbose_name="net weight, kg",
                    ),
                ),
                (
                    "tare_kg",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Packing of one piece. Example: 2.5",
                        max_digits=12,
                        null=True,
                        verbose_name="tare, kg",
                    ),
                ),
                (
                    "pieces_per_container",
                    models.PositiveIntegerField(
                        blank=True, help_text="In a container of 40 feet. Example: 150", null=True
                    ),
                ),
            ],
            options={
                "ordering": ("commodity", "code"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code", django.db.models.functions.text.Upper(models.F("code")))),
                        name="packagingunit_code_upper",
                        violation_error_message="Write the code in capital letters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("net_weight_kg__gt", 0)),
                        name="packagingunit_net_weight_positive",
                        violation_error_message="The net weight must be above zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tare_kg__isnull", True), ("tare_kg__gte", 0), _connector="OR"),
                        name="packagingunit_tare_not_negative",
                        violation_error_message="The tare can't be below zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("pieces_per_container__isnull", True), ("pieces_per_container__gt", 0), _connector="OR"
                        ),
                        name="packagingunit_pieces_positive",
                        violation_error_message="A container holds at least one piece, or leave it empty.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PassingTerm",
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
                    models.CharField(help_text="In capitals, as printed on contracts. Example: NET_30", max_length=30),
                ),
                ("name", models.CharField(help_text="As people call it. Example: Net 30 days", max_length=100)),
                (
                    "description",
                    models.CharField(blank=True, help_text="What it means, in one sentence.", max_length=300),
                ),
                (
                    "requires_quality_test",
                    models.BooleanField(default=False, help_text="Acceptance waits for a test report."),
                ),
            ],
            options={
                "ordering": ("name",),
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code", django.db.models.functions.text.Upper(models.F("code")))),
                        name="passingterm_code_upper",
                        violation_error_message="Write the code in capital letters.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentTerm",
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
                    models.CharField(help_text="In capitals, as printed on contracts. Example: NET_30", max_length=30),
                ),
                ("name", models.CharField(help_text="As people call it. Example: Net 30 days", max_length=100)),
                (
                    "description",
                    models.CharField(blank=True, help_text="What it means, in one sentence.", max_length=300),
                ),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Days until payment is due; 0: at once. Example: 30"
                    ),
                ),
                (
                    "advance_pct",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        help_text="Paid before dispatch. Example: 20.00",
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="advance, %",
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("tt", "Bank transfer"),
                            ("lc_sight", "Letter of credit at sight"),
                            ("lc_usance", "Usance letter of credit"),
                            ("cad", "Cash against documents"),
                            ("dp", "Documents against payment"),
                            ("da", "Documents against acceptance"),
                            ("open", "Open account"),
                        ],
                        help_text="Example: Letter of credit at sight",
                        max_length=10,
                    ),
                ),
                (
                    "lc_confirmation",
                    models.CharField(
                        blank=True,
                        choices=[("confirmed", "Confirmed"), ("unconfirmed", "Not confirmed")],
                        help_text="Whether a second bank guarantees it; empty where there is no letter of credit.",
                        max_length=12,
                        verbose_name="confirmation of the letter of credit",
                    ),
                ),
                (
                    "charges_borne_by",
                    models.CharField(
                        blank=True,
                        choices=[("buyer", "Buyer"), ("seller", "Seller"), ("shared", "Each its own")],
                        help_text="Example: Buyer",
                        max_length=10,
                        verbose_name="bank charges borne by",
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code", django.db.models.functions.text.Upper(models.F("code")))),
                        name="paymentterm_code_upper",
                        violation_error_message="Write the code in capital letters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("days__gte", 0)),
                        name="paymentterm_days_not_negative",
                        violation_error_message="Days until payment can't be below zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("advance_pct__range", (0, 100))),
                        name="paymentterm_advance_pct_range",
                        violation_error_message="The advance lies between 0 and 100 %.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lc_confirmation", ""), ("method__in", ("lc_sight", "lc_usance")), _connector="OR"
                        ),
                        name="paymentterm_confirmation_of_lc",
                        violation_error_message="Only a letter of credit can be confirmed: leave the confirmation empty.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("method__in", ["tt", "lc_sight", "lc_usance", "cad", "dp", "da", "open"])),
                        name="paymentterm_method_known",
                        violation_error_message="The method must be one of: Bank transfer, Letter of credit at sight, Usance letter of credit, Cash against documents, Documents against payment, Documents against acceptance, Open account.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lc_confirmation__in", ["confirmed", "unconfirmed", ""])),
                        name="paymentterm_lc_confirmation_known",
                        violation_error_message="The confirmation of the letter of credit must be one of: Confirmed, Not confirmed.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("charges_borne_by__in", ["buyer", "seller", "shared", ""])),
                        name="paymentterm_charges_borne_by_known",
                        violation_error_message="The bank charges borne by must be one of: Buyer, Seller, Each its own.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QualityParameter",
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
                ("code", models.CharField(help_text="In capitals. Example: STAPLE_MM", max_length=30)),
                ("name", models.CharField(help_text="Example: Staple length", max_length=100)),
                (
                    "data_type",
                    models.CharField(
                        choices=[
                            ("decimal", "Decimal number"),
                            ("integer", "Whole number"),
                            ("text", "Text"),
                            ("choice", "Choice"),
                            ("bool", "Yes or no"),
                        ],
                        help_text="Example: Decimal number",
                        max_length=10,
                        verbose_name="kind of value",
                    ),
                ),
                (
                    "unit_text",
                    models.CharField(
                        blank=True,
                        help_text="As printed after the value. Example: mm",
                        max_length=20,
                        verbose_name="unit",
                    ),
                ),
                (
                    "decimals",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Example: 2 for 28.75 mm",
                        validators=[django.core.validators.MaxValueValidator(6)],
                        verbose_name="decimal places",
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("hvi", "HVI"),
                            ("afis", "AFIS"),
                            ("gravimetric", "Gravimetric"),
                            ("visual", "Visual"),
                        ],
                        help_text="How it is measured. Example: HVI",
                        max_length=15,
                    ),
                ),
                (
                    "hard_min",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="Below is a typing error. Example: 10",
                        max_digits=12,
                        null=True,
                        verbose_name="lowest possible",
                    ),
                ),
                (
                    "hard_max",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        help_text="Above is a typing error. Example: 45",
                        max_digits=12,
                        null=True,
                        verbose_name="highest possible",
                    ),
                ),
                (
                    "choices",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=50),
                        blank=True,
                        default=list,
                        help_text="Values to choose from, separated by commas; only for the kind Choice. Example: roller,saw",
                        size=None,
                    ),
                ),
                (
                    "description",
                    models.CharField(
                        blank=True, help_text="What the value means and where to take care.", max_length=300
                    ),
                ),
            ],
            options={
                "ordering": ("code",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code", django.db.models.functions.text.Upper(models.F("code")))),
                        name="qualityparameter_code_upper",
                        violation_error_message="Write the code in capital letters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("decimals__lte", 6)),
                        name="qualityparameter_decimals_range",
                        violation_error_message="A value has at most 6 decimal places.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("hard_min__isnull", True),
                            ("hard_max__isnull", True),
                            ("hard_min__lte", models.F("hard_max")),
                            _connector="OR",
                        ),
                        name="qualityparameter_bounds_ordered",
                        violation_error_message="The lowest possible value is above the highest possible one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("data_type__in", ("decimal", "integer")),
                            models.Q(("hard_max__isnull", True), ("hard_min__isnull", True)),
                            _connector="OR",
                        ),
                        name="qualityparameter_bounds_of_numbers",
                        violation_error_message="Only numbers have a lowest and a highest value: leave both empty.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("choices__len__gt", 0), ("data_type", "choice")),
                            models.Q(models.Q(("data_type", "choice"), _negated=True), ("choices__len", 0)),
                            _connector="OR",
                        ),
                        name="qualityparameter_choices_of_choice",
                        violation_error_message="List the values to choose from where the kind is Choice, and only there.",
                    ),
                    models.UniqueConstraint(
                        fields=("code",),
                        name="qualityparameter_code_unique",
                        violation_error_message="Another quality parameter has this code.",
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"),
                        name="qualityparameter_name_unique",
                        violation_error_message="Another quality parameter has this name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("data_type__in", ["decimal", "integer", "text", "choice", "bool"])),
                        name="qualityparameter_data_type_known",
                        violation_error_message="The kind of value must be one of: Decimal number, Whole number, Text, Choice, Yes or no.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("method__in", ["hvi", "afis", "gravimetric", "visual", ""])),
                        name="qualityparameter_method_known",
                        violation_error_message="The method must be one of: HVI, AFIS, Gravimetric, Visual.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TradeType",
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
                    models.CharField(help_text="In capitals, as printed on contracts. Example: NET_30", max_length=30),
                ),
                ("name", models.CharField(help_text="As people call it. Example: Net 30 days", max_length=100)),
                (
                    "description",
                    models.CharField(blank=True, help_text="What it means, in one sentence.", max_length=300),
                ),
            ],
            options={
                "ordering": ("name",),
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code", django.db.models.functions.text.Upper(models.F("code")))),
                        name="tradetype_code_upper",
                        violation_error_message="Write the code in capital letters.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Unit",
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
                    models.CharField(
                        help_text="In capitals, UN/ECE code where there is one. Example: LBR", max_length=20
                    ),
                ),
                ("name", models.CharField(help_text="Example: Pound", max_length=100)),
                (
                    "symbol",
                    models.CharField(blank=True, help_text="As printed after a quantity. Example: lb", max_length=20),
                ),
                (
                    "dimension",
                    models.CharField(
                        choices=[
                            ("mass", "Mass"),
                            ("length", "Length"),
                            ("volume", "Volume"),
                            ("count", "Count"),
                            ("area", "Area"),
                        ],
                        help_text="Only units of one dimension convert into each other.",
                        max_length=10,
                    ),
                ),
                (
                    "factor_to_base",
                    models.DecimalField(
                        decimal_places=12,
                        help_text="How many base units one unit is. Example: 0.45359237 for a pound in kilograms",
                        max_digits=24,
                        verbose_name="factor to base unit",
                    ),
                ),
                (
                    "is_base",
                    models.BooleanField(
                        default=False,
                        help_text="The unit that others of the dimension are expressed in. Example: Kilogram",
                        verbose_name="base unit",
                    ),
                ),
                (
                    "is_exact",
                    models.BooleanField(
                        default=True,
                        help_text="The factor is a definition and not a rounded or regional value.",
                        verbose_name="exact",
                    ),
                ),
                (
                    "un_ece_rec20",
                    models.CharField(
                        blank=True,
                        help_text="Recommendation 20 or 21, for customs and e-invoices. Example: KGM",
                        max_length=3,
                        verbose_name="UN/ECE code",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        help_text="Where the factor comes from. Example: 784 lb of 0.45359237 kg",
                        max_length=200,
                    ),
                ),
            ],
            options={
                "ordering": ("dimension", "code"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code", django.db.models.functions.text.Upper(models.F("code")))),
                        name="unit_code_upper",
                        violation_error_message="Write the code in capital letters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("factor_to_base__gt", 0)),
                        name="unit_factor_to_base_positive",
                        violation_error_message="The factor to the base unit must be above zero.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_base", False), ("factor_to_base", 1), _connector="OR"),
                        name="unit_base_factor_one",
                        violation_error_message="The base unit of a dimension has the factor 1.",
                    ),
                    models.UniqueConstraint(
                        fields=("code",), name="unit_code_unique", violation_error_message="Another unit has this code."
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"),
                        name="unit_name_unique",
                        violation_error_message="Another unit has this name.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_base", True)),
                        fields=("dimension",),
                        name="unit_one_base",
                        violation_error_message="This dimension has a base unit already: a dimension has one.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("dimension__in", ["mass", "length", "volume", "count", "area"])),
                        name="unit_dimension_known",
                        violation_error_message="The dimension must be one of: Mass, Length, Volume, Count, Area.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UnitConversionOverride",
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
                    "factor",
                    models.DecimalField(
                        decimal_places=12,
                        help_text="How many of the second unit one of the first is. Example: 355.62",
                        max_digits=24,
                    ),
                ),
                (
                    "valid_from",
                    models.DateField(
                        help_text="First day of this conversion; it holds until a later one begins. Example: 1 October 2025"
                    ),
                ),
                ("reason", models.CharField(help_text="Example: Buyers print 355.62 kg per candy", max_length=200)),
            ],
            options={
                "ordering": ("commodity", "from_unit", "-valid_from"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("factor__gt", 0)),
                        name="unitconversionoverride_factor_positive",
                        violation_error_message="The conversion factor must be above zero.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WeightmentTerm",
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
                    models.CharField(help_text="In capitals, as printed on contracts. Example: NET_30", max_length=30),
                ),
                ("name", models.CharField(help_text="As people call it. Example: Net 30 days", max_length=100)),
                (
                    "description",
                    models.CharField(blank=True, help_text="What it means, in one sentence.", max_length=300),
                ),
                (
                    "deduction_pct",
                    models.DecimalField(
                        decimal_places=2,
                        default=0,
                        help_text="Taken off the weighed quantity. Example: 0.50",
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="deduction, %",
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[("net", "Net weight"), ("gross", "Gross weight"), ("condition", "Conditioned weight")],
                        help_text="Example: Net weight",
                        max_length=10,
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code", django.db.models.functions.text.Upper(models.F("code")))),
                        name="weightmentterm_code_upper",
                        violation_error_message="Write the code in capital letters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("deduction_pct__range", (0, 100))),
                        name="weightmentterm_deduction_pct_range",
                        violation_error_message="The deduction lies between 0 and 100 %.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("basis__in", ["net", "gross", "condition"])),
                        name="weightmentterm_basis_known",
                        violation_error_message="The basis must be one of: Net weight, Gross weight, Conditioned weight.",
                    ),
                ],
            },
        ),
    ]
