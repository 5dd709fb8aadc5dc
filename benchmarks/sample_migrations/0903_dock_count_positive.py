from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """New rows are held to the rule at once; those that are there are looked at by the next migration."""

    dependencies = [("locations", "0902_dock_count_index")]
    operations = [
        AddConstraintNotValid(
            "location",
            models.CheckConstraint(
                condition=models.Q(dock_count__gte=0),
                name="location_docks_not_negative",
                violation_error_message="The number of docks can't be negative.",
            ),
        )
    ]
