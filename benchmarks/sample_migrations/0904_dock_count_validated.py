from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Reads the whole table while others read and write it."""

    dependencies = [("locations", "0903_dock_count_positive")]
    operations = [ValidateConstraint("location", "location_docks_not_negative")]
