from django.db import migrations

DROP = "ALTER TABLE locations_location DROP CONSTRAINT location_docks_not_negative"
ADD = "ALTER TABLE locations_location ADD CONSTRAINT location_docks_not_negative CHECK (dock_count >= 0) NOT VALID"


class Migration(migrations.Migration):
    """RemoveConstraint alone would, on the way back, look at every row while nobody may read or write."""

    dependencies = [("locations", "0904_dock_count_validated")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(DROP, reverse_sql=ADD)],
            state_operations=[migrations.RemoveConstraint("location", "location_docks_not_negative")],
        )
    ]
