import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import erp.models
import locations.models
import simple_history.models
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("events", "0001_event_log"),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalSubdivision",
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
                    "iso_code",
                    models.CharField(help_text="ISO 3166-2. Example: IN-MH", max_length=6, verbose_name="code"),
                ),
                ("name", models.CharField(help_text="Example: Maharashtra", max_length=100)),
                (
                    "gst_state_code",
                    models.CharField(
                        blank=True,
                        help_text="First two digits of a GSTIN of this state; only India. Example: 27",
                        max_length=2,
                        null=True,
                        verbose_name="GST state code",
                    ),
                ),
                (
                    "region",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("north", "North"),
                            ("south", "South"),
                            ("east", "East"),
                            ("west", "West"),
                            ("central", "Central"),
                            ("northeast", "North-east"),
                        ],
                        help_text="Trading region inside the country. Example: West",
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
                "verbose_name": "historical subdivision",
                "verbose_name_plural": "historical subdivisions",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="locations_h_id_b6369c_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="locations_h_id_351048_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Location",
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
                        help_text="Short code in capitals; for ports the UN/LOCODE. Example: INNSA", max_length=30
                    ),
                ),
                ("name", models.CharField(help_text="Example: Nhava Sheva (Jawaharlal Nehru Port)", max_length=200)),
                (
                    "aliases",
                    models.CharField(
                        blank=True,
                        help_text="Separated by commas; search finds them. Example: JNPT, JNPA",
                        max_length=300,
                        verbose_name="other names",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("city", "City"),
                            ("market_yard", "Market yard (mandi)"),
                            ("ginning_factory", "Ginning factory"),
                            ("spinning_mill", "Spinning mill"),
                            ("warehouse", "Warehouse"),
                            ("seaport", "Seaport"),
                            ("icd_cfs", "Inland container depot or freight station"),
                            ("airport", "Airport"),
                            ("rail_head", "Rail head"),
                            ("border", "Border crossing"),
                            ("office", "Office"),
                            ("farm_cluster", "Farm cluster"),
                            ("lab", "Laboratory"),
                            ("other", "Other"),
                        ],
                        help_text="What the place is. Example: Seaport",
                        max_length=20,
                    ),
                ),
                ("district", models.CharField(blank=True, help_text="Example: Rajkot", max_length=100)),
                (
                    "city",
                    models.CharField(blank=True, help_text="Town of the address. Example: Gondal", max_length=100),
                ),
                ("postal_code", models.CharField(blank=True, help_text="Example: 360311", max_length=20)),
                (
                    "address_line1",
                    models.CharField(
                        blank=True,
                        help_text="Building and street. Example: Plot 14, GIDC Estate",
                        max_length=200,
                        verbose_name="address line 1",
                    ),
                ),
                (
                    "address_line2",
                    models.CharField(
                        blank=True, help_text="Example: Near APMC yard", max_length=200, verbose_name="address line 2"
                    ),
                ),
                (
                    "latitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Degrees, north is positive. Example: 18.949722",
                        max_digits=9,
                        null=True,
                    ),
                ),
                (
                    "longitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Degrees, east is positive. Example: 72.951389",
                        max_digits=9,
                        null=True,
                    ),
                ),
                (
                    "timezone",
                    models.CharField(
                        help_text="IANA name. Example: Asia/Kolkata",
                        max_length=50,
                        validators=[locations.models.validate_timezone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "un_locode",
                    models.CharField(
                        blank=True,
                        help_text="Five signs, the first two are the country; every seaport should have one. Example: INNSA",
                        max_length=5,
                        null=True,
                        verbose_name="UN/LOCODE",
                    ),
                ),
                (
                    "iata",
                    models.CharField(
                        blank=True,
                        help_text="Airports only. Example: BOM",
                        max_length=3,
                        null=True,
                        verbose_name="IATA code",
                    ),
                ),
                (
                    "google_place_id",
                    models.CharField(
                        blank=True, editable=False, max_length=300, null=True, verbose_name="Google place ID"
                    ),
                ),
                (
                    "geocode_source",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("manual", "Entered by hand"),
                            ("un_locode", "UN/LOCODE"),
                            ("geonames", "GeoNames"),
                            ("google", "Google"),
                        ],
                        help_text="Where latitude and longitude come from. Example: GeoNames",
                        max_length=10,
                        verbose_name="source of the coordinates",
                    ),
                ),
                (
                    "geocode_confidence",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="0 to 1, as the source says; empty: not known. Example: 0.950",
                        max_digits=4,
                        null=True,
                        verbose_name="confidence of the coordinates",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("unverified", "Not verified"), ("verified", "Verified"), ("closed", "Closed")],
                        default="unverified",
                        help_text="Verified: somebody checked that the place exists where it is said to be.",
                        max_length=10,
                    ),
                ),
            ],
            options={
                "ordering": ("name", "code"),
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("name"), name="gin_trgm_ops"
                        ),
                        fastupdate=False,
                        name="location_name_trgm",
                    ),
                    models.Index(fields=["name", "code"], name="location_order"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("code", django.db.models.functions.text.Upper(models.F("code")))),
                        name="location_code_upper",
                        violation_error_message="Write the code in capital letters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("latitude__isnull", True), ("latitude__range", (-90, 90)), _connector="OR"),
                        name="location_latitude_range",
                        violation_error_message="Latitude lies between -90 and 90 degrees.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("longitude__isnull", True), ("longitude__range", (-180, 180)), _connector="OR"
                        ),
                        name="location_longitude_range",
                        violation_error_message="Longitude lies between -180 and 180 degrees.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("latitude__isnull", True), ("longitude__isnull", True)),
                            models.Q(("latitude__isnull", False), ("longitude__isnull", False)),
                            _connector="OR",
                        ),
                        name="location_coordinates_complete",
                        violation_error_message="Give both latitude and longitude, or neither.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("geocode_confidence__isnull", True), ("geocode_confidence__range", (0, 1)), _connector="OR"
                        ),
                        name="location_geocode_confidence_range",
                        violation_error_message="Confidence of the coordinates lies between 0 and 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("iata__isnull", True), ("iata__regex", "^[A-Z]{3}$"), _connector="OR"),
                        name="location_iata_form",
                        violation_error_message="An IATA code is three capital letters: BOM.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("google_place_id", ""), _negated=True),
                        name="location_google_place_id_not_empty",
                        violation_error_message="Leave the Google place ID unset instead of empty.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "city",
                                    "market_yard",
                                    "ginning_factory",
                                    "spinning_mill",
                                    "warehouse",
                                    "seaport",
                                    "icd_cfs",
                                    "airport",
                                    "rail_head",
                                    "border",
                                    "office",
                                    "farm_cluster",
                                    "lab",
                                    "other",
                                ],
                            )
                        ),
                        name="location_kind_known",
                        violation_error_message="The kind must be one of: City, Market yard (mandi), Ginning factory, Spinning mill, Warehouse, Seaport, Inland container depot or freight station, Airport, Rail head, Border crossing, Office, Farm cluster, Laboratory, Other.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("geocode_source__in", ["manual", "un_locode", "geonames", "google", ""])),
                        name="location_geocode_source_known",
                        violation_error_message="The source of the coordinates must be one of: Entered by hand, UN/LOCODE, GeoNames, Google.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["unverified", "verified", "closed"])),
                        name="location_status_known",
                        violation_error_message="The status must be one of: Not verified, Verified, Closed.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Subdivision",
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
                    "iso_code",
                    models.CharField(help_text="ISO 3166-2. Example: IN-MH", max_length=6, verbose_name="code"),
                ),
                ("name", models.CharField(help_text="Example: Maharashtra", max_length=100)),
                (
                    "gst_state_code",
                    models.CharField(
                        blank=True,
                        help_text="First two digits of a GSTIN of this state; only India. Example: 27",
                        max_length=2,
                        null=True,
                        verbose_name="GST state code",
                    ),
                ),
                (
                    "region",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("north", "North"),
                            ("south", "South"),
                            ("east", "East"),
                            ("west", "West"),
                            ("central", "Central"),
                            ("northeast", "North-east"),
                        ],
                        help_text="Trading region inside the country. Example: West",
                        max_length=10,
                    ),
                ),
            ],
            options={
                "ordering": ("country", "name"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("gst_state_code__isnull", True),
                            ("gst_state_code__regex", "^(0[1-9]|[12]\\d|3[0-8]|97|99)$"),
                            _connector="OR",
                        ),
                        name="subdivision_gst_state_code_range",
                        violation_error_message="A GST state code is 01 to 38, 97 or 99.",
                    ),
                    models.UniqueConstraint(
                        fields=("iso_code",),
                        name="subdivision_iso_code_unique",
                        violation_error_message="Another subdivision has this code.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("gst_state_code__isnull", False)),
                        fields=("gst_state_code",),
                        name="subdivision_gst_state_code_unique",
                        violation_error_message="Another state has this GST state code.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("region__in", ["north", "south", "east", "west", "central", "northeast", ""])
                        ),
                        name="subdivision_region_known",
                        violation_error_message="The region must be one of: North, South, East, West, Central, North-east.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Currency",
            fields=[
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
                    "alpha3",
                    models.CharField(
                        help_text="ISO 4217 letters. Example: INR",
                        max_length=3,
                        primary_key=True,
                        serialize=False,
                        verbose_name="code",
                    ),
                ),
                (
                    "numeric3",
                    models.CharField(
                        help_text="ISO 4217 digits. Example: 356", max_length=3, verbose_name="numeric code"
                    ),
                ),
                (
                    "minor_units",
                    models.PositiveSmallIntegerField(
                        help_text="Decimal places of an amount. Example: 2 for INR, 0 for JPY, 3 for KWD"
                    ),
                ),
                ("name", models.CharField(help_text="Example: Indian Rupee", max_length=100)),
            ],
            options={
                "verbose_name_plural": "currencies",
                "ordering": ("alpha3",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("alpha3__regex", "^[A-Z]{3}$")),
                        name="currency_alpha3_form",
                        violation_error_message="A currency code is three capital letters: INR.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("numeric3__regex", "^\\d{3}$")),
                        name="currency_numeric3_form",
                        violation_error_message="A numeric currency code is three digits: 356.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("minor_units__lte", 4)),
                        name="currency_minor_units_range",
                        violation_error_message="A currency has at most 4 decimal places.",
                    ),
                    models.UniqueConstraint(
                        fields=("numeric3",),
                        name="currency_numeric3_unique",
                        violation_error_message="Another currency has this numeric code.",
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"),
                        name="currency_name_unique",
                        violation_error_message="Another currency has this name.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Country",
            fields=[
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
                    "alpha2",
                    models.CharField(
                        help_text="ISO 3166-1, two letters. Example: IN",
                        max_length=2,
                        primary_key=True,
                        serialize=False,
                        verbose_name="code",
                    ),
                ),
                ("alpha3", models.CharField(help_text="Example: IND", max_length=3, verbose_name="three-letter code")),
                ("numeric3", models.CharField(help_text="Example: 356", max_length=3, verbose_name="numeric code")),
                ("name", models.CharField(help_text="Common English name. Example: India", max_length=100)),
                ("calling_code", models.CharField(blank=True, help_text="Digits without +. Example: 91", max_length=4)),
                (
                    "postal_regex",
                    models.CharField(
                        blank=True,
                        help_text="Regular expression that a whole postal code must match; empty: any. Example: [1-9][0-9]{5}",
                        max_length=200,
                        verbose_name="postal code pattern",
                    ),
                ),
                (
                    "is_sanctioned",
                    models.BooleanField(
                        default=False, help_text="Trade needs the compliance officer.", verbose_name="under sanctions"
                    ),
                ),
                (
                    "region",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("africa", "Africa"),
                            ("americas", "Americas"),
                            ("antarctica", "Antarctica"),
                            ("asia", "Asia"),
                            ("europe", "Europe"),
                            ("oceania", "Oceania"),
                        ],
                        help_text="Example: Asia",
                        max_length=12,
                    ),
                ),
                (
                    "currency",
                    models.ForeignKey(
                        blank=True,
                        help_text="Example: INR",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="countries",
                        to="locations.currency",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "countries",
                "ordering": ("name",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("alpha2__regex", "^[A-Z]{2}$")),
                        name="country_alpha2_form",
                        violation_error_message="A country code is two capital letters: IN.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("alpha3__regex", "^[A-Z]{3}$")),
                        name="country_alpha3_form",
                        violation_error_message="The three-letter code is three capital letters: IND.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("numeric3__regex", "^\\d{3}$")),
                        name="country_numeric3_form",
                        violation_error_message="A numeric country code is three digits: 356.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("calling_code__regex", "^([1-9]\\d{0,3})?$")),
                        name="country_calling_code_form",
                        violation_error_message="A calling code is one to four digits without + or zero in front: 91.",
                    ),
                    models.UniqueConstraint(
                        fields=("alpha3",),
                        name="country_alpha3_unique",
                        violation_error_message="Another country has this three-letter code.",
                    ),
                    models.UniqueConstraint(
                        fields=("numeric3",),
                        name="country_numeric3_unique",
                        violation_error_message="Another country has this numeric code.",
                    ),
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"),
                        name="country_name_unique",
                        violation_error_message="Another country has this name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("region__in", ["africa", "americas", "antarctica", "asia", "europe", "oceania", ""])
                        ),
                        name="country_region_known",
                        violation_error_message="The region must be one of: Africa, Americas, Antarctica, Asia, Europe, Oceania.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalCountry",
            fields=[
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
                    "alpha2",
                    models.CharField(
                        help_text="ISO 3166-1, two letters. Example: IN", max_length=2, verbose_name="code"
                    ),
                ),
                ("alpha3", models.CharField(help_text="Example: IND", max_length=3, verbose_name="three-letter code")),
                ("numeric3", models.CharField(help_text="Example: 356", max_length=3, verbose_name="numeric code")),
                ("name", models.CharField(help_text="Common English name. Example: India", max_length=100)),
                ("calling_code", models.CharField(blank=True, help_text="Digits without +. Example: 91", max_length=4)),
                (
                    "postal_regex",
                    models.CharField(
                        blank=True,
                        help_text="Regular expression that a whole postal code must match; empty: any. Example: [1-9][0-9]{5}",
                        max_length=200,
                        verbose_name="postal code pattern",
                    ),
                ),
                (
                    "is_sanctioned",
                    models.BooleanField(
                        default=False, help_text="Trade needs the compliance officer.", verbose_name="under sanctions"
                    ),
                ),
                (
                    "region",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("africa", "Africa"),
                            ("americas", "Americas"),
                            ("antarctica", "Antarctica"),
                            ("asia", "Asia"),
                            ("europe", "Europe"),
                            ("oceania", "Oceania"),
                        ],
                        help_text="Example: Asia",
                        max_length=12,
                    ),
                ),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "currency",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        db_index=False,
                        help_text="Example: INR",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="locations.currency",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical country",
                "verbose_name_plural": "historical countries",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["alpha2", "-history_id"], name="locations_h_alpha2_23f93a_idx"),
                    models.Index(
                        fields=["alpha2", "-history_date", "-history_id"], name="locations_h_alpha2_e39ffb_idx"
                    ),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalCurrency",
            fields=[
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
                    "alpha3",
                    models.CharField(help_text="ISO 4217 letters. Example: INR", max_length=3, verbose_name="code"),
                ),
                (
                    "numeric3",
                    models.CharField(
                        help_text="ISO 4217 digits. Example: 356", max_length=3, verbose_name="numeric code"
                    ),
                ),
                (
                    "minor_units",
                    models.PositiveSmallIntegerField(
                        help_text="Decimal places of an amount. Example: 2 for INR, 0 for JPY, 3 for KWD"
                    ),
                ),
                ("name", models.CharField(help_text="Example: Indian Rupee", max_length=100)),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField()),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical currency",
                "verbose_name_plural": "historical currencies",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["alpha3", "-history_id"], name="locations_h_alpha3_5753e1_idx"),
                    models.Index(
                        fields=["alpha3", "-history_date", "-history_id"], name="locations_h_alpha3_48ec15_idx"
                    ),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalLocation",
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
                        help_text="Short code in capitals; for ports the UN/LOCODE. Example: INNSA", max_length=30
                    ),
                ),
                ("name", models.CharField(help_text="Example: Nhava Sheva (Jawaharlal Nehru Port)", max_length=200)),
                (
                    "aliases",
                    models.CharField(
                        blank=True,
                        help_text="Separated by commas; search finds them. Example: JNPT, JNPA",
                        max_length=300,
                        verbose_name="other names",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("city", "City"),
                            ("market_yard", "Market yard (mandi)"),
                            ("ginning_factory", "Ginning factory"),
                            ("spinning_mill", "Spinning mill"),
                            ("warehouse", "Warehouse"),
                            ("seaport", "Seaport"),
                            ("icd_cfs", "Inland container depot or freight station"),
                            ("airport", "Airport"),
                            ("rail_head", "Rail head"),
                            ("border", "Border crossing"),
                            ("office", "Office"),
                            ("farm_cluster", "Farm cluster"),
                            ("lab", "Laboratory"),
                            ("other", "Other"),
                        ],
                        help_text="What the place is. Example: Seaport",
                        max_length=20,
                    ),
                ),
                ("district", models.CharField(blank=True, help_text="Example: Rajkot", max_length=100)),
                (
                    "city",
                    models.CharField(blank=True, help_text="Town of the address. Example: Gondal", max_length=100),
                ),
                ("postal_code", models.CharField(blank=True, help_text="Example: 360311", max_length=20)),
                (
                    "address_line1",
                    models.CharField(
                        blank=True,
                        help_text="Building and street. Example: Plot 14, GIDC Estate",
                        max_length=200,
                        verbose_name="address line 1",
                    ),
                ),
                (
                    "address_line2",
                    models.CharField(
                        blank=True, help_text="Example: Near APMC yard", max_length=200, verbose_name="address line 2"
                    ),
                ),
                (
                    "latitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Degrees, north is positive. Example: 18.949722",
                        max_digits=9,
                        null=True,
                    ),
                ),
                (
                    "longitude",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        help_text="Degrees, east is positive. Example: 72.951389",
                        max_digits=9,
                        null=True,
                    ),
                ),
                (
                    "timezone",
                    models.CharField(
                        help_text="IANA name. Example: Asia/Kolkata",
                        max_length=50,
                        validators=[locations.models.validate_timezone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "un_locode",
                    models.CharField(
                        blank=True,
                        help_text="Five signs, the first two are the country; every seaport should have one. Example: INNSA",
                        max_length=5,
                        null=True,
                        verbose_name="UN/LOCODE",
                    ),
                ),
                (
                    "iata",
                    models.CharField(
                        blank=True,
                        help_text="Airports only. Example: BOM",
                        max_length=3,
                        null=True,
                        verbose_name="IATA code",
                    ),
                ),
                (
                    "google_place_id",
                    models.CharField(
                        blank=True, editable=False, max_length=300, null=True, verbose_name="Google place ID"
                    ),
                ),
                (
                    "geocode_source",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("manual", "Entered by hand"),
                            ("un_locode", "UN/LOCODE"),
                            ("geonames", "GeoNames"),
                            ("google", "Google"),
                        ],
                        help_text="Where latitude and longitude come from. Example: GeoNames",
                        max_length=10,
                        verbose_name="source of the coordinates",
                    ),
                ),
                (
                    "geocode_confidence",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="0 to 1, as the source says; empty: not known. Example: 0.950",
                        max_digits=4,
                        null=True,
                        verbose_name="confidence of the coordinates",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("unverified", "Not verified"), ("verified", "Verified"), ("closed", "Closed")],
                        default="unverified",
                        help_text="Verified: somebody checked that the place exists where it is said to be.",
                        max_length=10,
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
            ],
            options={
                "verbose_name": "historical location",
                "verbose_name_plural": "historical locations",
                "ordering": ("-history_id",),
                "get_latest_by": ("history_id",),
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["id", "-history_id"], name="locations_h_id_203dfa_idx"),
                    models.Index(fields=["id", "-history_date", "-history_id"], name="locations_h_id_dc85ba_idx"),
                ],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
    ]
