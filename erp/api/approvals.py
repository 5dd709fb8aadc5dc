"""Changes that wait for a second person: to list, to read, and to decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models
from django.db.models import F
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from erp.api import errors
from erp.api.errors import Problem
from erp.api.fields import TextField
from erp.api.router import register
from erp.api.schema import ChangeSerializer
from erp.api.serializers import MasterDataSerializer
from erp.api.viewsets import READ_ONLY, MasterDataViewSet
from erp.approvals import asking, services
from erp.approvals.models import ChangeRequest

MOST = 500


class DecisionSerializer(serializers.Serializer[Any]):
    """What the second person said."""

    approver = serializers.UUIDField()
    on_behalf_of = serializers.UUIDField(allow_null=True)
    comment = serializers.CharField(allow_blank=True)
    decided_at = serializers.DateTimeField()


class CommentSerializer(serializers.Serializer[Any]):
    """What the maker of the request reads."""

    comment = TextField(max_length=MOST, required=False, allow_blank=True, help_text="Needed to reject.")


class ChangeRequestSerializer(MasterDataSerializer):
    """A request as people may see it: of account numbers the end."""

    changes = serializers.SerializerMethodField()
    decision = serializers.SerializerMethodField()

    @extend_schema_field(ChangeSerializer(many=True))
    def get_changes(self, row: Any) -> list[dict[str, Any]]:
        """[{"field", "old", "new"}]; empty for a deletion."""
        return [{"field": line.name, "old": _json(line.old), "new": _json(line.new)} for line in asking.lines(row)]

    @extend_schema_field(DecisionSerializer(allow_null=True))
    def get_decision(self, row: Any) -> Any:
        """Who decided and what they said; null while it waits."""
        if getattr(row, "approver", None) is None:
            return None
        return {
            "approver": str(row.approver),
            "on_behalf_of": str(row.on_behalf_of) if row.on_behalf_of else None,
            "comment": row.comment,
            "decided_at": row.decided_at,
        }


def _json(value: Any) -> Any:
    """A value as the record's own address shows it."""
    return value if value is None or isinstance(value, (bool, int, str, dict)) else str(value)


@register("change-requests")
class ChangeRequests(MasterDataViewSet):
    """Changes that take effect only when a second person approves them. They are made by writing the record itself."""

    model = ChangeRequest
    serializer_base = ChangeRequestSerializer
    fields = (
        "organization", "kind", "object_type", "object_id", "object_label", "base_version", "changes", "reason", "maker",
        "status", "expires_at", "applied_version", "break_glass", "decision",
    )  # fmt: skip
    filters = ("status", "kind", "object_type", "object_id", "maker", "break_glass")
    ordering = ("created_at",)
    verbs = (*READ_ONLY, "approve", "reject", "withdraw")

    def narrow(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Those that the user may read, with who decided them."""
        found: models.QuerySet[Any] = rows.filter(asking.readable(self.request.user)).annotate(
            approver=F("decision__approver"),
            on_behalf_of=F("decision__on_behalf_of"),
            comment=F("decision__comment"),
            decided_at=F("decision__decided_at"),
        )
        return found

    def filter_queryset(self, queryset: Any) -> Any:
        """Also of the past only those that the user may read."""
        rows = super().filter_queryset(queryset)
        return rows.filter(asking.readable(self.request.user)) if self.as_of else rows

    def get_object(self) -> Any:
        """Raises: Http404: unknown, out of scope, or about a kind of record that the user may not view."""
        row = super().get_object()
        if self.as_of:
            self._readable()
        return row

    def history(self, request: Request, **_: Any) -> Response:
        """Steps of one request, the newest first: who asked, decided, and when it took effect."""
        self._readable()
        return super().history(request)

    @extend_schema(request=CommentSerializer)
    def approve(self, request: Request, **_: Any) -> Response:
        """Approves a colleague's request and puts the change into force. 409 if the record changed meanwhile."""
        found, comment = self._readable(), self._comment()
        try:
            self._do(services.approve, found, comment=comment)
        except services.OvertakenError as error:
            # Answered, not raised: that the request was overtaken is kept.
            problem = Problem(409, "conflict", str(error))
            return Response(errors.document(problem, request._request), 409, content_type=errors.MEDIA_TYPE)
        return self._answer()

    @extend_schema(request=CommentSerializer)
    def reject(self, request: Request, **_: Any) -> Response:
        """Rejects a colleague's request, with a comment that says why."""
        found, comment = self._readable(), self._comment()
        if not comment.strip():
            sentence = "Say why the change is rejected: its maker reads the comment."
            raise errors.invalid([{"pointer": "/comment", "code": "required", "detail": sentence}])
        self._do(services.reject, found, comment=comment)
        return self._answer()

    @extend_schema(request=None)
    def withdraw(self, request: Request, **_: Any) -> Response:
        """Takes one's own request back."""
        self.body(request)
        self._do(services.withdraw, self._readable())
        return self._answer()

    def _readable(self) -> Any:
        """The request as it is now. Raises: Http404."""
        rows = ChangeRequest.objects.visible_to(self.request.user).filter(asking.readable(self.request.user))
        found = rows.filter(pk=self._key()).select_related("maker").first()
        if found is None:
            raise Http404
        return found

    def _comment(self) -> str:
        serializer = CommentSerializer(data=self.body(self.request))
        serializer.is_valid(raise_exception=True)
        return str(serializer.validated_data.get("comment", ""))

    def _do(self, step: Callable[..., Any], found: Any, **values: Any) -> None:
        """Raises: Problem: 409 not open any more. PermissionDenied: not this user's to decide or withdraw."""
        try:
            step(found, by=self.request.user, **values)
        except services.OvertakenError:
            raise
        except services.ApprovalError as error:
            found.refresh_from_db(fields=["status"])
            if not found.is_open:
                raise Problem(409, "closed", str(error)) from None
            raise PermissionDenied(str(error)) from None

    def _answer(self) -> Response:
        row = self.narrow(ChangeRequest.objects.all()).get(pk=self._key())
        return Response(self.get_serializer(row).data)
