"""Database rules that many models share: each choice is a known one, each code is in capitals."""

from __future__ import annotations

from typing import TypeVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

M = TypeVar("M", bound=type[models.Model])


def known_choices(model: M) -> M:
    """Class decorator: every column with choices holds one of them, in the database too.

    The rules are called `<model>_<field>_known`. A decorator, because a Meta class can't see the choices beside it.
    """
    meta = model._meta
    meta.constraints = [*meta.constraints, *(_known(model, field) for field in meta.local_fields if field.choices)]
    # Migrations look at the options that the class body named.
    meta.original_attrs["constraints"] = meta.constraints
    return model


def upper_code(model: str, *, field: str = "code") -> models.CheckConstraint:
    """The code is written in capitals, so that one code has one spelling. `model` is the first part of the rule's name."""
    return models.CheckConstraint(
        condition=Q(**{field: Upper(F(field))}),
        name=f"{model}_{field}_upper",
        violation_error_message=f"Write the {field.replace('_', ' ')} in capital letters.",
    )


def _known(model: type[models.Model], field: models.Field[object, object]) -> models.CheckConstraint:
    values, labels = zip(*field.flatchoices, strict=True)
    return models.CheckConstraint(
        condition=Q(**{f"{field.name}__in": [*values, ""] if field.blank and not field.null else list(values)}),
        name=f"{model._meta.model_name}_{field.name}_known",
        violation_error_message=f"The {field.verbose_name} must be one of: {', '.join(map(str, labels))}.",
    )
