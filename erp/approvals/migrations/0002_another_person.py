from django.db import migrations

# Django has no composite foreign keys: the maker of a decision is the maker of its request.
FORWARD = """
ALTER TABLE approvals_approvaldecision ADD CONSTRAINT approvaldecision_maker_is_of_request
    FOREIGN KEY (request_id, maker_id) REFERENCES approvals_changerequest (id, maker_id)
"""
REVERSE = "ALTER TABLE approvals_approvaldecision DROP CONSTRAINT approvaldecision_maker_is_of_request"


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_approvals")]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
