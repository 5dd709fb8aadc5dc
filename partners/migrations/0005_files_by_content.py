"""Papers lie under the fingerprint of their content, in a storage without URLs. The table stays as it is."""

import erp.files
import partners.models.documents
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("partners", "0004_deleted_codes")]

    operations = [
        migrations.AlterField(
            model_name="partnerdocument",
            name="file",
            field=models.FileField(
                help_text="PDF, JPEG or PNG of at most 10 MB.",
                max_length=200,
                storage=erp.files.private_storage,
                upload_to=partners.models.documents.private_path,
            ),
        ),
    ]
