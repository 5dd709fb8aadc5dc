from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("commodities", "0004_search"),
        ("locations", "0003_search"),
        ("organizations", "0003_search"),
    ]

    operations = [
        migrations.AlterConstraint(
            model_name="commodity",
            name="commodity_delivery_tolerance_pct_range",
            constraint=models.CheckConstraint(
                condition=models.Q(("delivery_tolerance_pct__range", (0, 100))),
                name="commodity_delivery_tolerance_pct_range",
                violation_error_message="The delivery tolerance lies between 0 and 100 percent.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="commodity",
            name="commodity_weight_tolerance_pct_range",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight_tolerance_pct__range", (0, 100))),
                name="commodity_weight_tolerance_pct_range",
                violation_error_message="The weight tolerance lies between 0 and 100 percent.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="paymentterm",
            name="paymentterm_advance_pct_range",
            constraint=models.CheckConstraint(
                condition=models.Q(("advance_pct__range", (0, 100))),
                name="paymentterm_advance_pct_range",
                violation_error_message="The advance lies between 0 and 100 percent.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="weightmentterm",
            name="weightmentterm_deduction_pct_range",
            constraint=models.CheckConstraint(
                condition=models.Q(("deduction_pct__range", (0, 100))),
                name="weightmentterm_deduction_pct_range",
                violation_error_message="The deduction lies between 0 and 100 percent.",
            ),
        ),
    ]
