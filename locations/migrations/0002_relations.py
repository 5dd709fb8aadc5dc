import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("locations", "0001_initial"),
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="historicallocation",
            name="organization",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                help_text="Empty: shared by all organizations.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="organizations.organization",
            ),
        ),
        migrations.AddField(
            model_name="historicalsubdivision",
            name="country",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="locations.country",
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="country",
            field=models.ForeignKey(
                help_text="Example: India",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="locations",
                to="locations.country",
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="organization",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: shared by all organizations.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="organizations.organization",
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                help_text="The place that this one lies in. Example: Gondal for Gondal APMC",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="children",
                to="locations.location",
            ),
        ),
        migrations.AddField(
            model_name="historicallocation",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                help_text="The place that this one lies in. Example: Gondal for Gondal APMC",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="locations.location",
            ),
        ),
        migrations.AddField(
            model_name="subdivision",
            name="country",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="subdivisions", to="locations.country"
            ),
        ),
        migrations.AddField(
            model_name="location",
            name="subdivision",
            field=models.ForeignKey(
                blank=True,
                help_text="State or province. Example: Gujarat",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="locations",
                to="locations.subdivision",
                verbose_name="state",
            ),
        ),
        migrations.AddField(
            model_name="historicallocation",
            name="subdivision",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                help_text="State or province. Example: Gujarat",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="locations.subdivision",
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="subdivision",
            constraint=models.CheckConstraint(
                condition=models.Q(("iso_code__regex", "^[A-Z]{2}-[A-Z0-9]{1,3}$")),
                name="subdivision_iso_code_form",
                violation_error_message="A subdivision code is the country's code, a hyphen and up to three signs: IN-MH.",
            ),
        ),
        migrations.AddConstraint(
            model_name="subdivision",
            constraint=models.CheckConstraint(
                condition=models.Q(("country", django.db.models.functions.text.Left("iso_code", 2))),
                name="subdivision_iso_code_of_country",
                violation_error_message="The code must begin with the code of its country: IN-MH belongs to IN.",
            ),
        ),
        migrations.AddConstraint(
            model_name="subdivision",
            constraint=models.CheckConstraint(
                condition=models.Q(("gst_state_code__isnull", True), ("country", "IN"), _connector="OR"),
                name="subdivision_gst_state_code_india",
                violation_error_message="Only Indian states have a GST state code: leave it empty.",
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("un_locode__isnull", True), ("un_locode__regex", "^[A-Z]{2}[A-Z2-9]{3}$"), _connector="OR"
                ),
                name="location_un_locode_form",
                violation_error_message="A UN/LOCODE is two letters of the country and three signs, letters or 2 to 9: INNSA.",
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("un_locode__isnull", True),
                    ("country", django.db.models.functions.text.Left("un_locode", 2)),
                    _connector="OR",
                ),
                name="location_un_locode_of_country",
                violation_error_message="The UN/LOCODE belongs to another country: its first two letters are the country.",
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("parent__isnull", True), models.Q(("parent", models.F("id")), _negated=True), _connector="OR"
                ),
                name="location_not_own_parent",
                violation_error_message="A location can't lie in itself: choose another one or leave it empty.",
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.UniqueConstraint(
                fields=("organization", "code"),
                name="location_code_unique",
                nulls_distinct=False,
                violation_error_message="Another location has this code: choose another one.",
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.UniqueConstraint(
                condition=models.Q(("google_place_id__isnull", False)),
                fields=("organization", "google_place_id"),
                name="location_google_place_id_unique",
                nulls_distinct=False,
                violation_error_message="This place of Google is a location already: use that one.",
            ),
        ),
        migrations.AddConstraint(
            model_name="location",
            constraint=models.UniqueConstraint(
                condition=models.Q(("un_locode__isnull", False)),
                fields=("organization", "un_locode", "kind"),
                name="location_un_locode_unique",
                nulls_distinct=False,
                violation_error_message="Another location of this kind has this UN/LOCODE: use that one.",
            ),
        ),
    ]
