"""Serializer fields that take exactly their type: no "12" for 12, no 1 for true; and keys that stay in the user's scope."""

from __future__ import annotations

import base64
import binascii
import re
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.db import models
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from erp.api import policy, related, secrets
from erp.api.permissions import grants_of

MASKED_VALUE = re.compile(r"[X*•]{4,}")


class TextField(serializers.CharField):
    """A JSON string."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class CapitalsField(TextField):
    """A code: comes in any case, is stored in capitals."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).upper()


class IdentifierField(TextField):
    """A number of an authority or a bank: comes as people write it, is stored without separators in capitals."""

    def __init__(self, *, separators: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.separators = str.maketrans("", "", separators)

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).translate(self.separators).upper()


class TypedText(serializers.Field[Any, Any, Any, Any]):
    """Mixin for fields that DRF parses from strings, and that we take from strings only."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            raise serializers.ValidationError("Not a valid string.", code="invalid")
        return super().to_internal_value(data)


class EmailField(TypedText, serializers.EmailField):
    pass


class UrlField(TypedText, serializers.URLField):
    pass


class DateField(TypedText, serializers.DateField):
    pass


class DateTimeField(TypedText, serializers.DateTimeField):
    pass


class AddressField(TypedText, serializers.IPAddressField):
    pass


class BooleanField(serializers.BooleanField):
    """JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=str(data)[:50])
        return data


class IntegerField(serializers.IntegerField):
    """A JSON number without fraction."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class DecimalField(serializers.DecimalField):
    """A string, so that no client loses digits; a JSON number is taken as well."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, (str, int, Decimal)):
            self.fail("invalid")
        return super().to_internal_value(data)


class ChoiceField(serializers.ChoiceField):
    """One of the stored values, as a string."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=str(data)[:50])
        return super().to_internal_value(data)


class KeyField(serializers.PrimaryKeyRelatedField[Any]):
    """A foreign key. A row out of the user's scope is answered exactly as one that does not exist.

    The serializer reads the rows of all its keys in one statement before the fields are asked.
    """

    default_error_messages = {"does_not_exist": "There is no such record.", "incorrect_type": "Not a valid id."}

    @property
    def model(self) -> type[models.Model]:
        """What the key refers to."""
        rows: Any = self.__dict__["queryset"]
        target: type[models.Model] = rows.model
        return target

    def key_of(self, data: Any) -> Any:
        """The key that the client wrote; None where it can be no key."""
        return related.parse_key(self.model, data)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("incorrect_type")
        serializer: Any = self.parent
        row = serializer.rows.get((self.model, self.key_of(data)))
        if row is None:
            self.fail("does_not_exist")
        return row

    def get_queryset(self) -> Any:
        """No row: nothing may list the choices."""
        rows: Any = self.__dict__["queryset"]
        return None if rows is None else rows.none()


class MaskedField(TextField):
    """Shows the end of a secret, all of it to the roles that `policy.MASKED` names."""

    default_error_messages = {"masked": "This is the masked value: leave the field out to keep what is stored."}
    _row: Any = None

    def get_attribute(self, instance: Any) -> Any:
        """The value; which row is being shown is remembered, because reading it is recorded."""
        self._row = instance
        return super().get_attribute(instance)

    def to_representation(self, value: Any) -> str:
        request = self.context.get("request")
        user = getattr(request, "user", None)
        if user is not None and policy.sees_plain(str(self.field_name), roles=grants_of(user).roles):
            if value and self._row is not None:
                secrets.note(request, self._row, str(self.field_name))
            return str(value)
        return policy.masked(str(value or ""))

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if MASKED_VALUE.match(text):
            self.fail("masked")
        return text


@extend_schema_field(OpenApiTypes.BYTE)
class FileField(TextField):
    """A file as base64. Write only: its name, size and fingerprint are what the API shows."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("max_length", None)  # of the path where it is stored
        super().__init__(**{**kwargs, "write_only": True, "trim_whitespace": False})

    def to_internal_value(self, data: Any) -> Any:
        try:
            content = base64.b64decode(super().to_internal_value(data), validate=True)
        except (binascii.Error, ValueError):
            raise serializers.ValidationError("Not base64: encode the bytes of the file.", code="invalid") from None
        return ContentFile(content, name="upload")

    def run_validators(self, value: Any) -> None:
        """The model checks the file."""
