from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False  # going back builds the index, and writers need not wait for it

    dependencies = [("locations", "0905_docks_may_be_anything")]
    operations = [RemoveIndexConcurrently("location", "location_dock_count")]
