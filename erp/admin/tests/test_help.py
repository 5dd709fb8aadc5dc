"""Every field that a clerk fills in says what belongs there."""

import pytest
from django.contrib import admin

from erp.admin.base import MasterDataAdmin

pytestmark = pytest.mark.django_db

# What the base classes ask for beside the record's own fields: said in a label or a placeholder, or not shown.
OWN = {"change_reason", "expected_version", "overwrite", "resolving", "organization"}


def test_every_field_of_every_form_has_a_help_text(rf, super_admin):
    request = rf.get("/")
    request.user = super_admin
    silent = set()
    for page in admin.site._registry.values():
        if not isinstance(page, MasterDataAdmin) or not page.has_add_permission(request):
            continue
        forms = [
            page.get_form(request),
            *(each.get_formset(request).form for each in page.get_inline_instances(request)),
        ]
        for form in forms:
            fields = {name for name, field in form.base_fields.items() if not field.help_text}
            silent |= {f"{form._meta.model._meta.label}.{name}" for name in fields - OWN}
    assert silent == set()
