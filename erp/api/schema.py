"""How the OpenAPI document describes what the base classes do, so that no domain writes a word about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import models
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from erp.api.fields import KeyField
from erp.api.router import resource_of
from erp.api.serializers import MasterDataSerializer
from erp.approvals import services

# Bodies by the name of their schema, as the API answers them; a test keeps the file.
EXAMPLES_FILE = Path(__file__).with_name("examples.json")
EXAMPLES: dict[str, Any] = json.loads(EXAMPLES_FILE.read_text(encoding="utf-8"))
ASKING = ("create", "partial_update", "destroy")
VERBS = {"partial_update": "update", "destroy": "delete"}
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, required=True, description="ETag that you read.")
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="ETag that you have: 304 if it still holds."
)
REASON = OpenApiParameter(
    "X-Change-Reason", str, OpenApiParameter.HEADER, description="Why, 5 to 500 characters; kept with the change."
)
AS_OF = OpenApiParameter("as_of", str, description="A time in the past: 2026-03-31T18:30:00Z.")
# Any operation may answer it: `unavailable`, `busy`, `too_long`, `outcome_unknown` (erp/api/errors.py).
UNAVAILABLE = {
    "description": "Not now. Send the same again after Retry-After seconds, a write with the Idempotency-Key it had: "
    "it is done once, whatever became of the first.",
    "headers": {"Retry-After": {"required": True, "schema": {"type": "integer"}, "description": "Seconds."}},
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _key(*, required: bool) -> OpenApiParameter:
    sentence = "Makes the request safe to repeat for 24 hours: a UUID of yours."
    return OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=required, description=sentence)


class ErrorSerializer(serializers.Serializer[Any]):
    """One part of the request that is to blame."""

    pointer = serializers.CharField(help_text="JSON pointer into the body, or ?parameter.")
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """A refusal (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    request_id = serializers.CharField()
    errors = ErrorSerializer(many=True, required=False)  # type: ignore[assignment]  # hides nothing that we use


class BulkResultSerializer(serializers.Serializer[Any]):
    """What became of the rows; `ids` in their order."""

    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    ids = serializers.ListField(child=serializers.CharField())


class AskedSerializer(serializers.Serializer[Any]):
    """Some of it waits for a second person. `record` is as it is now; `change_requests` are what waits."""

    record = serializers.DictField()
    change_requests = serializers.ListField(child=serializers.DictField())


class ChangeSerializer(serializers.Serializer[Any]):
    """One field, from what to what. A masked value is {"masked": true}."""

    field = serializers.CharField()
    old = serializers.JSONField()
    new = serializers.JSONField()
    old_label = serializers.CharField(allow_null=True, required=False)
    new_label = serializers.CharField(allow_null=True, required=False)


class NamedSerializer(serializers.Serializer[Any]):
    """The record that changed, by the name that it had then."""

    type = serializers.CharField()
    id = serializers.CharField()
    label = serializers.CharField(allow_null=True)  # type: ignore[assignment]


class AggregateSerializer(serializers.Serializer[Any]):
    """The whole that the record belongs to; its versions have no gaps."""

    type = serializers.CharField()
    id = serializers.CharField()
    version = serializers.IntegerField()


class ActorSerializer(serializers.Serializer[Any]):
    """Who did it."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class EventSerializer(serializers.Serializer[Any]):
    """One recorded change."""

    id = serializers.UUIDField()
    type = serializers.CharField()
    category = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    version = serializers.IntegerField(allow_null=True, help_text="Version of the record afterwards.")
    object = NamedSerializer()
    aggregate = AggregateSerializer()
    actor = ActorSerializer(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    source = serializers.CharField()  # type: ignore[assignment]
    request_id = serializers.CharField(allow_blank=True)
    changes = ChangeSerializer(many=True)
    data = serializers.JSONField(  # type: ignore[assignment]
        required=False, help_text="Payload of a domain event."
    )


class PlacedEventSerializer(EventSerializer):
    """An event with its place in the one order of all."""

    position = serializers.IntegerField()


class FeedSerializer(serializers.Serializer[Any]):
    """A stretch of the feed; go on with after=`last`."""

    results = PlacedEventSerializer(many=True)
    last = serializers.IntegerField()
    head = serializers.IntegerField()


class CountSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    count = serializers.IntegerField()


class StatsSerializer(serializers.Serializer[Any]):
    """Counts of events by type."""

    results = CountSerializer(many=True)
    total = serializers.IntegerField()


class ApiSchema(AutoSchema):
    """Names, parameters and refusals of every operation."""

    def get_operation_id(self) -> str:
        """`<resource>_<verb>`."""
        action = getattr(self.view, "action", None) or self.method.lower()
        return f"{self._resource()}_{VERBS.get(action, action)}"

    def is_excluded(self) -> bool:
        """Whether the address answers only that there is no bulk."""
        view: Any = self.view
        return getattr(view, "action", "") == "bulk" and "bulk" not in view.verbs

    def get_description(self) -> Any:  # type: ignore[override]  # drf-spectacular asks without arguments
        """What it does; where there is no bulk, the first write says why and what to do."""
        view: Any = self.view
        first = "create" if "create" in getattr(view, "verbs", ()) else "partial_update"
        sentences = [super().get_description()]
        if getattr(view, "action", "") == first and getattr(view, "instead_of_bulk", ""):
            sentences.append(f"`/bulk` answers 405. {view.instead_of_bulk}")
        return "\n\n".join(filter(None, sentences))

    def get_tags(self) -> list[str]:
        """The resource."""
        return [self._resource()]

    def get_override_parameters(self) -> list[Any]:
        """Headers and parameters that the base classes read."""
        view: Any = self.view
        action = getattr(view, "action", "")
        if not hasattr(view, "visible_fields"):
            return []
        shape = [
            OpenApiParameter("fields", str, description="Only these, separated by commas."),
            OpenApiParameter("expand", str, description="Foreign keys to answer with their record."),
            AS_OF,
        ]
        page = [
            OpenApiParameter("limit", int, description="Page size, 1 to 100; 25 without."),
            OpenApiParameter("cursor", str, description="From next or previous."),
        ]
        listed = [
            OpenApiParameter("ordering", str, description=f"By {', '.join(view.ordering)}, created_at, updated_at."),
            OpenApiParameter("include", str, enum=["count"], description="count: how many there are, up to 10,000."),
        ]
        search = (
            [
                OpenApiParameter(
                    "search",
                    str,
                    description=f"Text in {', '.join(view.search)}; of fewer than three characters, the beginning of a word.",
                )
            ]
            if view.search
            else []
        )
        known: Mapping[str, list[Any]] = {
            "list": [*shape, *page, *listed, *search],
            "retrieve": [*shape, IF_NONE_MATCH],
            "history": page,
            "create": [_key(required=False), REASON],
            "bulk": [_key(required=True), REASON],
            "partial_update": [IF_MATCH, REASON],
            "destroy": [IF_MATCH, REASON],
        }
        return known.get(action, [])

    def get_request_serializer(self) -> Any:
        """The record; for many, {rows, mode}."""
        if getattr(self.view, "action", "") != "bulk":
            return super().get_request_serializer()
        view: Any = self.view
        record = view.serializer_class
        return inline_serializer(
            f"{view.model.__name__}Bulk",
            {
                "rows": record(many=True, min_length=1, max_length=1_000),
                "mode": serializers.ChoiceField(["insert", "upsert"], default="insert"),
                "reason": serializers.CharField(required=False, min_length=5, max_length=500),
            },
        )

    def get_response_serializers(self) -> Any:
        """The record, with the problem that every refusal is."""
        action = getattr(self.view, "action", "")
        if action == "history":
            return EventSerializer(many=True)
        if action == "bulk":
            return BulkResultSerializer
        return super().get_response_serializers()

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, MasterDataSerializer):
            schema["description"] = (serializer.model.__doc__ or "").partition("\n")[0]
        if direction == "request":
            schema["additionalProperties"] = False
        return schema

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        target = _target(field)
        if target is None:
            return schema
        resource = resource_of(target)
        return {**schema, "x-related": resource.name if resource else target._meta.label_lower}

    def _is_list_view(self, serializer: Any = None) -> bool:
        if not hasattr(self.view, "visible_fields"):
            return bool(super()._is_list_view(serializer))
        return getattr(self.view, "action", "") in {"list", "history"}

    def get_filter_backends(self) -> list[Any]:
        """Filters are a list's only."""
        return super().get_filter_backends() if getattr(self.view, "action", "") == "list" else []

    def _get_pagination_parameters(self) -> list[Any]:
        return []

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        respond: Any = self._get_response_for_code
        problem = respond(ProblemSerializer, "4XX", ["application/problem+json"])
        problem["description"] = "Refused; nothing was written."
        if self._asks():
            asked = respond(AskedSerializer, "202", ["application/json"])
            bodies["202"] = {**asked, "description": "Some of it waits for a second person."}
        if getattr(self.view, "action", "") == "retrieve":
            bodies["304"] = {"description": "You have this version."}
        return {**bodies, "4XX": problem}

    def _asks(self) -> bool:
        """Whether the operation may need a second person."""
        model = getattr(self.view, "model", None)
        return getattr(self.view, "action", "") in ASKING and model is not None and bool(services.guarded(model))

    def _resolve_path_parameters(self, variables: list[str]) -> Any:
        return [self._path_parameter(name) for name in variables]

    def _path_parameter(self, name: str) -> dict[str, Any]:
        view = self.view
        model = getattr(view, "parent_model" if name.endswith("_id") else "model", None)
        pk = model._meta.pk if model else None
        kind: dict[str, Any] = {"type": "string"}
        if isinstance(pk, models.UUIDField):
            kind["format"] = "uuid"
        return {"in": "path", "name": name, "required": True, "schema": kind}

    def _resource(self) -> str:
        return str(getattr(self.view, "basename", None) or self.path.rsplit("/v1/", 1)[-1].strip("/").replace("/", "_"))


def _target(field: Any) -> Any:
    """The model that a foreign key refers to, also where it is only read; None for other fields."""
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    if model is None or not isinstance(field, KeyField):
        return None
    return model._meta.get_field(field.source).remote_field.model


class EventSchema(ApiSchema):
    """The feed."""

    def get_operation_id(self) -> str:
        """events_list, events_stats."""
        return "events_stats" if self.path.endswith("stats") else "events_list"

    def get_tags(self) -> list[str]:
        return ["events"]

    def get_override_parameters(self) -> list[Any]:
        """Position and filters."""
        filters = [OpenApiParameter(name, str) for name in ("type", "object_type", "object_id", "category")]
        if self.path.endswith("stats"):
            return filters
        return [
            OpenApiParameter("after", int, description="Position of the last event that you have; 0 to begin."),
            OpenApiParameter("limit", int, description="1 to 1,000; 25 without."),
            *filters,
        ]

    def get_response_serializers(self) -> Any:
        return StatsSerializer if self.path.endswith("stats") else FeedSerializer

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False


def finish(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing hook: adds examples, says `security: []` where an address is open, and mends two kinds of schema."""
    result["components"]["examples"] = {name: {"value": value} for name, value in sorted(EXAMPLES.items())}
    result["components"]["responses"] = {"Unavailable": UNAVAILABLE}
    for schema in result["components"]["schemas"].values():
        _mend_blanks(schema)
    for operation in (each for path in result["paths"].values() for each in path.values()):
        operation.setdefault("security", [])
        for body in (operation.get("requestBody", {}), *operation["responses"].values()):
            _add_examples(body)
        operation["responses"]["503"] = {"$ref": "#/components/responses/Unavailable"}
        for parameter in operation.get("parameters", []):
            if parameter["schema"].get("type") == "boolean":
                # drf-spectacular lists the texts of the form's choices, which no boolean is.
                parameter["schema"].pop("enum", None)
                parameter["description"] = parameter.get("description", "").partition("\n\n*")[0]
    return result


def _mend_blanks(schema: dict[str, Any]) -> None:
    """An address or nothing: to a reader that checks no formats both fit "", so "one of" would refuse it."""
    for each in schema.get("properties", {}).values():
        if {"type": "string", "maxLength": 0} in each.get("oneOf", ()):
            each["anyOf"] = each.pop("oneOf")


def _add_examples(body: dict[str, Any]) -> None:
    """Refer to the example of each schema that the body has; a list of records gets one of its records."""
    for content in body.get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        of_many = content["schema"].get("items", {}).get("$ref", "").rpartition("/")[2]
        if name in EXAMPLES:
            content["examples"] = {name: {"$ref": f"#/components/examples/{name}"}}
        elif of_many in EXAMPLES:
            content["examples"] = {of_many: {"value": [EXAMPLES[of_many]]}}
