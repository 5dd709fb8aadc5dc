"""Filters of lists that people keep under a name."""

import django.db.models.deletion
import django.utils.timezone
import erp.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organizations", "0002_owners_agree"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                ("id", models.UUIDField(default=erp.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=100)),
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(max_length=1000)),
                ("is_shared", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "organization",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_filters",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "saved_filter",
                "ordering": ("kind", "name"),
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "kind", "name"),
                        name="savedfilter_name_unique",
                        violation_error_message="You have a filter of this name for this list: choose another name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_shared", False), ("organization__isnull", False), _connector="OR"),
                        name="savedfilter_shared_in_organization",
                        violation_error_message="A filter is shared in an organization: you belong to none.",
                    ),
                ],
            },
        ),
    ]
