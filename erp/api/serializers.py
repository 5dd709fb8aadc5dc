"""The serializer of one kind of record: strict, scoped, and nothing built twice."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import models
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from erp.api import fields, policy, related
from erp.api.ownership import chooses_owner, is_external, is_visible, owner_field
from erp.api.permissions import may
from erp.identifiers import CodeField, IdentifierField

Blueprint = dict[str, serializers.Field[Any, Any, Any, Any]]


class MasterDataSerializer(serializers.ModelSerializer[Any]):
    """Reads and checks one record. `Meta`: model, fields, parent (foreign key that the address gives).

    staff_only: fields that external users neither see nor write; staff_written: those that they see only.
    """

    serializer_related_field = fields.KeyField
    serializer_choice_field = fields.ChoiceField
    serializer_field_mapping: ClassVar = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: fields.TextField,
        models.TextField: fields.TextField,
        models.EmailField: fields.EmailField,
        models.URLField: fields.UrlField,
        models.BooleanField: fields.BooleanField,
        models.DateField: fields.DateField,
        models.DateTimeField: fields.DateTimeField,
        models.DecimalField: fields.DecimalField,
        models.IntegerField: fields.IntegerField,
        models.PositiveIntegerField: fields.IntegerField,
        models.PositiveSmallIntegerField: fields.IntegerField,
        models.SmallIntegerField: fields.IntegerField,
        models.BigIntegerField: fields.IntegerField,
        models.GenericIPAddressField: fields.AddressField,
        models.FileField: fields.FileField,
    }
    _blueprint: ClassVar[Blueprint | None] = None

    # Fields -----------------------------------------------------------------------------------------------------------

    def get_fields(self) -> Any:
        """Copies of the fields, built once a class, that this user and this request may have."""
        cls = type(self)
        if cls.__dict__.get("_blueprint") is None:
            cls._blueprint = super().get_fields()
        shown = self.context.get("shown")
        hidden = self.hidden
        kept = {
            name: _unbound(field)
            for name, field in (cls._blueprint or {}).items()
            if name not in hidden and (shown is None or name in shown)
        }
        for name in self._locked().intersection(kept):
            kept[name].read_only, kept[name].required = True, False
        for name, nested in self.context.get("expanded", {}).items():
            if name in kept:
                kept[name] = Expanded(nested)
        return kept

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        field_class, kwargs = super().build_standard_field(field_name, model_field)
        if isinstance(model_field, (IdentifierField, CodeField)):
            # The model brings it into one spelling first and checks it then.
            kwargs.pop("validators", None)
        kwargs["validators"] = [v for v in kwargs.get("validators", ()) if not hasattr(v, "queryset")]
        if field_name in policy.MASKED:
            field_class = fields.MaskedField
        elif isinstance(model_field, IdentifierField) and not model_field.choices:
            field_class, kwargs["separators"] = fields.IdentifierField, model_field.separators
        elif field_class is fields.TextField and self._in_capitals(model_field):
            field_class = fields.CapitalsField
        if kwargs.get("read_only"):
            kwargs.pop("validators", None)
        return field_class, kwargs

    def build_relational_field(self, field_name: str, relation_info: Any) -> Any:
        field_class, kwargs = super().build_relational_field(field_name, relation_info)
        kwargs.pop("validators", None)
        return field_class, kwargs

    def get_uniqueness_extra_kwargs(self, field_names: Any, declared_fields: Any, extra_kwargs: Any) -> Any:
        """Uniqueness is the database's business."""
        return extra_kwargs, {}

    def get_validators(self) -> list[Any]:
        """None: see above."""
        return []

    @property
    def model(self) -> Any:
        """The model of the records."""
        return self.Meta.model

    @property
    def user(self) -> Any:
        """Who asks; None while the schema is made."""
        return getattr(self.context.get("request"), "user", None)

    @property
    def hidden(self) -> frozenset[str]:
        """Fields that this user may not see."""
        return hidden_fields(self.Meta, self.user)

    @staticmethod
    def _in_capitals(model_field: Any) -> bool:
        rule = f"{model_field.model._meta.model_name}_{model_field.name}_upper"
        return isinstance(model_field, CodeField) or any(
            each.name == rule for each in model_field.model._meta.constraints
        )

    def _locked(self) -> set[str]:
        """Fields that this request can't write."""
        meta, user = self.Meta, self.user
        locked = {getattr(meta, "parent", "")}
        owner = owner_field(self.model)
        updating = getattr(self.root, "instance", None) is not None
        if owner and user is not None and (updating or not chooses_owner(user)):
            locked.add(owner.name)
        if updating:
            locked.add(self.model._meta.pk.name)
        if is_external(user):
            locked.update(getattr(meta, "staff_written", ()))
        return locked

    # Reading a body ---------------------------------------------------------------------------------------------------

    @property
    def rows(self) -> related.Rows:
        """Rows that the keys of the body name, as far as they are in scope."""
        context: Any = self.context
        found: related.Rows = context.setdefault("rows", {})
        return found

    def references(self, bodies: Iterable[Any]) -> dict[type[models.Model], set[Any]]:
        """Model → keys that these bodies name."""
        wanted: dict[type[models.Model], set[Any]] = {}
        keys = [(name, field) for name, field in self.fields.items() if isinstance(field, fields.KeyField)]
        for body in bodies:
            for name, field in keys:
                key = field.key_of(body.get(name)) if isinstance(body, Mapping) and not field.read_only else None
                if key is not None:
                    wanted.setdefault(field.model, set()).add(key)
        return wanted

    def to_internal_value(self, data: Any) -> Any:
        problems: dict[str, Any] = {}
        if isinstance(data, Mapping):
            problems |= {str(name): [problem] for name in data if (problem := self._refusal(name))}
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            problems |= error.detail if isinstance(error.detail, dict) else {}
        if problems:
            raise ValidationError(problems)
        return values

    def _refusal(self, name: Any) -> ErrorDetail | None:
        field = self.fields.get(name) if isinstance(name, str) else None
        if field is None:
            known = ", ".join(str(each.field_name) for each in self._writable_fields)
            return ErrorDetail(f"There is no such field. Fields: {known}.", code="unknown")
        if field.read_only:
            return ErrorDetail("The server sets this field: leave it out.", code="read_only")
        return None

    def validate(self, attrs: Any) -> Any:
        """Puts the values on the record and asks the model. The rules of the database answer when it is saved."""
        self.check(self.put(attrs, self.instance if self.instance is not None else self.new()))
        return attrs

    def new(self) -> Any:
        """An unsaved record of the owner and parent that the request is about."""
        row = self.model()
        for name, value in self.context.get("given", {}).items():
            setattr(row, name, value)
        return row

    def put(self, attrs: Mapping[str, Any], row: Any) -> Any:
        """The record with these values; `self.row` afterwards."""
        for name, value in attrs.items():
            setattr(row, name, value)
        self.row = row
        return row

    def check(self, row: Any) -> None:
        """The model's own rules. Foreign keys are known to exist, columns that no field writes are not the client's.

        Raises: ValidationError.
        """
        keys = {field.name for field in self.model._meta.concrete_fields if isinstance(field, models.ForeignKey)}
        written = {field.source for field in self._writable_fields}
        columns = {field.name for field in self.model._meta.concrete_fields}
        row.clean_fields(exclude=(columns - written) | keys)
        try:
            row.clean()
        except DjangoValidationError as error:
            raise DjangoValidationError(self._named(error)) from None

    def _named(self, error: DjangoValidationError) -> Any:
        """The same errors; those of columns that the client does not know blame the whole record."""
        if not hasattr(error, "error_dict"):
            return error.error_list
        named: dict[str, list[Any]] = {}
        for name, errors in error.error_dict.items():
            named.setdefault(name if name in self.fields else "non_field_errors", []).extend(errors)
        return named

    def create(self, validated_data: Any) -> Any:
        # A key that the client chose must be new: without force_insert Django would write over the stored row.
        self.row.save(force_insert=True)
        return self.row

    def update(self, instance: Any, validated_data: Any) -> Any:
        instance.save()
        return instance


class Expanded(serializers.Field[Any, Any, Any, Any]):
    """The record that a foreign key names, as far as the user may read it: all of it, or a name card, or its id."""

    def __init__(self, serializer: type[MasterDataSerializer], **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "read_only": True})
        self.serializer_class = serializer
        self._serializer: MasterDataSerializer | None = None

    def to_representation(self, value: Any) -> Any:
        user = self.context["request"].user
        if may(user, "view", type(value)) and is_visible(user, value):
            if self._serializer is None:
                self._serializer = self.serializer_class(context={"request": self.context["request"]})
            return self._serializer.to_representation(value)
        return card(value) if value.pk == user.home_organization_id else str(value.pk)


def _unbound(field: Any) -> Any:
    """A copy of a field of the blueprint, to be bound to one serializer. What DRF copies by building it anew is never changed,
    except in fields that hold others.
    """
    if isinstance(field, serializers.BaseSerializer) or hasattr(field, "child") or hasattr(field, "child_relation"):
        return copy.deepcopy(field)
    twin = object.__new__(type(field))
    twin.__dict__.update(field.__dict__)
    return twin


def card(row: Any) -> dict[str, str]:
    """What an external user sees of its organization."""
    return {"id": str(row.pk), "code": row.code, "name": row.name}


def hidden_fields(meta: Any, user: Any) -> frozenset[str]:
    """Fields of a serializer's Meta that the user may not see."""
    return frozenset(getattr(meta, "staff_only", ())) if is_external(user) else frozenset()
