"""One kind of record in the API: list, create, read, change, delete, many at once, its past.

@register("settings/commodities")
class Commodities(MasterDataViewSet):
    model = Commodity
    fields = ("organization", "code", "name", "category")
    filters = ("category", "is_active")
    search = ("name",)

A view says what is shown and asked for. Scope, permissions, versions, history and refusals come from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db import connection, models
from django.http import Http404
from rest_framework.exceptions import MethodNotAllowed, PermissionDenied
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSetMixin

from erp import context
from erp.api import asked, bulk, concurrency, fastlane, idempotency, past, policy
from erp.api.errors import Problem, bad_parameter
from erp.api.filters import STAMPS, DeclaredFilters, column_at, filterset_of, is_filterable
from erp.api.ownership import OWNER, chooses_owner, historical, is_editable, owner_field
from erp.api.pagination import KeysetPagination
from erp.api.parsers import MEBIBYTE
from erp.api.permissions import RolePermission
from erp.api.related import fetch, parse_key
from erp.api.router import resource_of
from erp.api.serializers import MasterDataSerializer, hidden_fields
from erp.api.shape import Shape
from erp.api.views import REASON_HEADER, ApiView
from erp.scoping import Scope

ALL = ("list", "create", "retrieve", "partial_update", "destroy", "bulk", "history")
READ_ONLY = ("list", "retrieve", "history")
READS = frozenset({"list", "retrieve"})
SHAPES = frozenset({"fields", "expand", "as_of"})
LISTS = frozenset({"limit", "cursor", "ordering", "search", "include"})


class ApiConfigurationError(TypeError):
    """A view is declared wrongly; the server does not start."""


class MasterDataViewSet(ViewSetMixin, ApiView, GenericAPIView[Any]):
    """Base of every view of records. A subclass declares `model` and `fields`; the rest is optional.

    fields: columns that the API shows, in order; id, is_active, version and times come by themselves.
    filters: columns, or {parameter: path}. ordering: columns that a list may be sorted by, the first one by default.
    search: columns with text. key: the natural key by which a bulk request finds stored records.
    staff_only: fields that external users don't see; staff_written: those that they can't write.
    needs_reason: every change says why. verbs: what the address answers to.
    instead_of_bulk: for records that are written one at a time although they can be written: why, and what to do.
    abstract: the class is a base of views itself.
    """

    abstract: ClassVar[bool] = True
    filterset_class: ClassVar[Any] = None
    model: ClassVar[Any] = None
    fields: ClassVar[tuple[str, ...]] = ()
    filters: ClassVar[Sequence[str] | Mapping[str, str]] = ()
    ordering: ClassVar[tuple[str, ...]] = ()
    search: ClassVar[tuple[str, ...]] = ()
    key: ClassVar[tuple[str, ...]] = ()
    staff_only: ClassVar[tuple[str, ...]] = ()
    staff_written: ClassVar[tuple[str, ...]] = ()
    needs_reason: ClassVar[bool] = False
    verbs: ClassVar[tuple[str, ...]] = ALL
    instead_of_bulk: ClassVar[str] = ""
    serializer_base: ClassVar[type[MasterDataSerializer]] = MasterDataSerializer
    address: ClassVar[str] = ""
    parent: ClassVar[str] = ""
    permission_classes: Any = (RolePermission,)
    pagination_class = KeysetPagination
    filter_backends: Any = (DeclaredFilters,)
    action: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuses a class that would show rows without scope, limit or declared fields."""
        super().__init_subclass__(**kwargs)
        cls.abstract = cls.__dict__.get("abstract", False)
        if cls.abstract:
            return
        if problem := _mistake(cls):
            raise ApiConfigurationError(f"{cls.__name__} {problem}")
        cls.ordering = cls.ordering or (_default_order(cls),)
        cls.filterset_class = filterset_of(cls)
        meta = {
            "model": cls.model,
            "fields": _all_fields(cls.model, cls.fields),
            "staff_only": cls.staff_only,
            "staff_written": cls.staff_written,
        }
        name = f"{cls.model.__name__}Serializer"
        cls.serializer_class = type(
            name, (cls.serializer_base,), {"Meta": type("Meta", (), meta), "__module__": cls.__module__}
        )

    @classmethod
    def place(cls, address: str, *, parent: str) -> None:
        """Where the view was registered. Raises: ApiConfigurationError: the model has no such parent."""
        if parent and not isinstance(column_at(cls.model, parent), models.ForeignKey):
            raise ApiConfigurationError(f"{cls.__name__} stands below {parent}, which is no foreign key of its model.")
        cls.address, cls.parent = address, parent
        cls.serializer_class.Meta.parent = parent  # type: ignore[union-attr]

    # What is declared -------------------------------------------------------------------------------------------------

    @classmethod
    def declared_filters(cls) -> dict[str, str]:
        """Parameter → path of the column."""
        return dict(cls.filters) if isinstance(cls.filters, Mapping) else {name: name for name in cls.filters}

    @property
    def parent_model(self) -> Any:
        """What the records hang on; None for those that stand alone."""
        return column_at(self.model, self.parent).remote_field.model if self.parent else None

    def hidden_parameters(self) -> frozenset[str]:
        """Filters over columns that this user may not see."""
        hidden, filters = self.hidden, self.filterset_class.base_filters
        return frozenset(name for name, each in filters.items() if each.field_name.split("__")[0] in hidden)

    @property
    def hidden(self) -> frozenset[str]:
        """Fields that this user may not see."""
        return hidden_fields(self.serializer_class.Meta, self.request.user)  # type: ignore[union-attr]

    def visible_fields(self) -> frozenset[str]:
        """Fields that this user may see."""
        names: frozenset[str] = frozenset(self.serializer_class.Meta.fields)  # type: ignore[union-attr]
        return names - self.hidden

    def expandable(self) -> frozenset[str]:
        """Foreign keys whose records the API can show."""
        return frozenset(name for name in self.visible_fields() if self._resource(name) is not None)

    def ordering_of(self, request: Request) -> list[str]:
        """The order that the client asks for, made total by the key. Raises: Problem."""
        pk = self.model._meta.pk.attname
        allowed = {*self.ordering, *STAMPS} - self.hidden
        text = request.query_params.get("ordering", "")
        steps = [step.strip() for step in text.split(",") if step.strip()] or [self.ordering[0]]
        names = [step.removeprefix("-") for step in steps]
        if len(set(names)) < len(names) or not allowed.issuperset(names):
            raise bad_parameter("ordering", f"ordering names each once of: {', '.join(sorted(allowed))}.")
        return steps if pk in names else [*steps, pk]

    def known_parameters(self) -> frozenset[str]:
        """Filters, shape and page of a list; shape of a record."""
        if self.action == "list":
            filters = frozenset(self.filterset_class.base_filters) - self.hidden_parameters()
            return LISTS.union(SHAPES, filters) - (frozenset() if self.search else {"search"})
        if self.action == "retrieve":
            return SHAPES
        return frozenset({"limit", "cursor"}) if self.action == "history" else frozenset()

    @property
    def body_limit(self) -> int:  # type: ignore[override]
        """Bytes that a body may have."""
        return (10 if self.action == "bulk" else 2) * MEBIBYTE

    # Rows -------------------------------------------------------------------------------------------------------------

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Adds the shape; what the address has no verb for is 405 before anything is looked up."""
        super().initial(request, *args, **kwargs)
        if self.action == "bulk" and "bulk" not in self.verbs:
            self.headers["Allow"] = ""
            raise MethodNotAllowed(request.method or "", self.instead_of_bulk)
        if self.action not in self.verbs:
            raise MethodNotAllowed(request.method or "")
        self.shape = Shape.of(request, self) if self.action in READS else Shape()
        self.as_of = past.moment(request)
        if self.as_of and self.shape.expand:
            raise bad_parameter("expand", "The past is shown without expand.")

    def narrow(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """For subclasses: annotations of the rows. Scope was applied and can't be widened."""
        return rows

    def get_queryset(self) -> models.QuerySet[Any]:
        """Rows in the user's scope, below the parent of the address, today or at `as_of`."""
        if getattr(self, "swagger_fake_view", False):
            return self.model._default_manager.none()  # type: ignore[no-any-return]
        if self.as_of:
            rows = past.rows_at(self.model, self.as_of).filter(historical(self.model).visible(self.request.user))
        else:
            return self.rows_of(self.request.user, parent=self.parent_key() if self.parent else None)
        return rows.filter(**self._below(self.request.user, self.parent_key())) if self.parent else rows

    def rows_of(self, user: Any, *, parent: Any) -> models.QuerySet[Any]:
        """Rows in this user's scope below this parent, today."""
        rows = self.narrow(self.model._default_manager.visible_to(user))
        return rows.filter(**self._below(user, parent)) if self.parent else rows

    def get_object(self) -> Any:
        """The record of the address. Raises: Http404: unknown or out of scope, which are the same."""
        rows = self.get_queryset()
        if not self.as_of:
            rows = self.shaped(rows)
        row = rows.filter(**{self.model._meta.pk.attname: self._key()}).first()
        if row is None:
            raise Http404
        return row

    def locked(self) -> Any:
        """The record for a change, its row locked. Raises: Http404. PermissionDenied: it belongs to everybody."""
        if fastlane.is_kept(self):
            row = fastlane.locked(self, self._key())
        else:
            rows = fastlane.with_joins(self.get_queryset())
            row = rows.select_for_update(no_key=True, of=("self",)).filter(pk=self._key()).first()
        if row is None:
            raise Http404
        self.check_owner(row)
        self.guard(row)
        concurrency.require_match(self.request, row)
        return row

    def guard(self, row: Any) -> None:
        """For subclasses: who may change this very record. Raises: PermissionDenied."""

    def check_owner(self, row: Any) -> None:
        """Raises: PermissionDenied: the row is not among those that the user may write."""
        if not is_editable(self.request.user, row):
            raise PermissionDenied("This record is not your organization's: only its owner changes it.")

    def shaped(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Only the columns that the answer needs, with the records of `expand` joined."""
        columns = {field.name for field in self.model._meta.concrete_fields}
        shown = self.visible_fields() if self.shape.fields is None else self.shape.fields
        needed = {self.model._meta.pk.name, "version", *(name for name in shown if name in columns)}
        if self.action == "list":
            needed |= {step.removeprefix("-") for step in self.ordering_of(self.request)} & columns
        rows = rows.select_related(*self.shape.expand) if self.shape.expand else rows
        for name in self.shape.expand:
            target = column_at(self.model, name).remote_field.model
            unread = set(target.tracking.secret) - set(policy.MASKED)
            needed |= {f"{name}__{column.name}" for column in target._meta.concrete_fields if column.name not in unread}
        return rows.only(*needed)

    def get_serializer_context(self) -> dict[str, Any]:
        """Request, shape, and what address and owner say about a new record."""
        base = {"request": self.request, "view": self}
        if getattr(self, "swagger_fake_view", False):
            return {"view": self}
        expanded = {name: self._resource(name).view.serializer_class for name in self.shape.expand}
        return {**base, "shown": self.shape.fields, "expanded": expanded, "given": {}}

    # Reading ----------------------------------------------------------------------------------------------------------

    def list(self, request: Request, **_: Any) -> Any:
        """Records in your scope, page by page."""
        if self.parent:
            self._require_parent()
        if lane := fastlane.lane_of(self):
            return lane.page()
        rows = self.filter_queryset(self.get_queryset())
        page = self.paginate_queryset(rows if self.as_of else self.shaped(rows))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, **_: Any) -> Any:
        """One record, with its version in ETag."""
        if lane := fastlane.lane_of(self):
            return lane.record(self._key())
        row = self.get_object()
        plain = not (self.as_of or self.shape.expand)
        if plain and concurrency.is_known(request, row):
            return concurrency.unchanged(row)
        return Response(self.get_serializer(row).data, headers={"ETag": concurrency.etag(row)} if plain else None)

    def history(self, request: Request, **_: Any) -> Response:
        """Versions of one record, the newest first: who changed what, when and why."""
        return past.history(self, request, self._key())

    # Writing ----------------------------------------------------------------------------------------------------------

    def create(self, request: Request, **_: Any) -> Any:
        """A new record. With an Idempotency-Key, sending it again answers the same."""
        claim = idempotency.claim(request)
        if claim and claim.replay:
            return claim.replay
        serializer: Any = self.get_serializer(data=self.body(request, column="reason" in self.fields))
        self.prepare(serializer, [serializer.initial_data])
        serializer.is_valid(raise_exception=True)
        self.check_owner(serializer.row)
        waiting = asked.save(serializer)
        row = serializer.row
        self.check_owner(row)
        location = f"{request.path}/{row.pk}"
        if waiting:
            response = asked.answer(serializer, waiting, Location=location)
        else:
            response = Response(serializer.data, 201, headers={"ETag": concurrency.etag(row), "Location": location})
        if claim:
            claim.keep(response)
        return response

    def partial_update(self, request: Request, **_: Any) -> Response:
        """Changes the fields that the body names. Needs If-Match."""
        row = self.locked()
        body = self.body(request, column="reason" in self.fields)
        self._require_reason()
        serializer = self.get_serializer(row, data=body, partial=True)
        self.prepare(serializer, [body])
        serializer.is_valid(raise_exception=True)
        waiting = asked.save(serializer)
        self.check_owner(row)
        if waiting:
            return asked.answer(serializer, waiting)
        return Response(serializer.data, headers={"ETag": concurrency.etag(row)})

    def destroy(self, request: Request, **_: Any) -> Response:
        """Deletes a record that nothing refers to. Needs If-Match."""
        row = self.locked()
        self._require_reason()
        if waiting := asked.ask_to_delete(row, user=request.user):
            return asked.answer(self.get_serializer(row), waiting)
        row.delete()
        with connection.cursor() as cursor:
            # Somebody may have referred to it a moment ago: hear it now, not at commit.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return Response(status=204)

    def bulk(self, request: Request, **_: Any) -> Any:
        """Up to 1,000 records at once, all or none. Needs an Idempotency-Key."""
        claim = idempotency.claim(request, required=True)
        if claim and claim.replay:
            return claim.replay
        body = self.body(request)
        self._require_reason()
        response = Response(bulk.write(self, body))
        if claim:
            claim.keep(response)
        return response

    def before_bulk(self, rows: Sequence[Any]) -> None:
        """For subclasses: what `save()` would fill in, for all rows of a bulk request in few statements."""

    def after_bulk(self, rows: Sequence[Any]) -> None:
        """For subclasses: what `save()` would write besides its row, for all rows of a bulk request in few statements.

        A row's `_state.adding` still tells the new ones.
        """

    def check_bulk(self, serializer: Any, row: Any) -> None:
        """The model's rules for one row of a bulk request, without a statement. Raises: ValidationError."""
        serializer.check(row)

    def prepare(self, serializer: Any, bodies: Sequence[Any]) -> None:
        """Reads all rows that the bodies name, and the parent, in one statement; says whose a new record is.

        Raises: Http404: the parent is unknown or out of scope.
        """
        wanted = serializer.references(bodies)
        creating, parent_key = serializer.instance is None, None
        if self.parent and creating:
            parent_key = self.parent_key()
            wanted.setdefault(self.parent_model, set()).add(parent_key)
        rows = serializer.context["rows"] = fetch(wanted, user=self.request.user)
        if not creating:
            return
        given = serializer.context["given"]
        if self.parent:
            parent = rows.get((self.parent_model, parent_key))
            if parent is None:
                raise Http404
            given[self.parent] = parent
        self._give_owner(given)

    def _give_owner(self, given: dict[str, Any]) -> None:
        user: Any = self.request.user
        owner = owner_field(self.model)
        if owner is None or owner.name == self.parent:
            return
        if not chooses_owner(user):
            given[OWNER + "_id"] = user.organization_id
        elif self.parent and (inherited := getattr(given[self.parent], OWNER + "_id", None)):
            given[OWNER + "_id"] = inherited

    # The address ------------------------------------------------------------------------------------------------------

    def _key(self) -> Any:
        key = parse_key(self.model, self.kwargs["pk"])
        if key is None:
            raise Http404
        return key

    def parent_key(self) -> Any:
        """The parent's key in the address. Raises: Http404: it can't be one."""
        key = parse_key(self.parent_model, self.kwargs[f"{self.parent}_id"])
        if key is None:
            raise Http404
        return key

    def _parents(self, user: Any, key: Any) -> Any:
        return self.parent_model._default_manager.visible_to(user).filter(pk=key)

    def _below(self, user: Any, key: Any) -> dict[str, Any]:
        below = {f"{self.parent}_id": key}
        # A list has asked for the parent already.
        return (
            below
            if self.action == "list"
            else {**below, f"{self.parent}_id__in": self._parents(user, key).values("pk")}
        )

    def _require_parent(self) -> None:
        if not self._parents(self.request.user, self.parent_key()).exists():
            raise Http404

    def _require_reason(self) -> None:
        if self.needs_reason and not context.current().reason:
            raise Problem(
                400,
                "reason_required",
                f"Say why: send {REASON_HEADER}, or reason in the body.",
                errors=[{"pointer": "/reason", "code": "required", "detail": "Changes of this kind need a reason."}],
            )

    def _resource(self, name: str) -> Any:
        columns = {field.name: field for field in self.model._meta.concrete_fields}
        column = columns.get(name)
        return resource_of(column.remote_field.model) if isinstance(column, models.ForeignKey) else None


def _all_fields(model: Any, declared: tuple[str, ...]) -> tuple[str, ...]:
    """The declared fields between the key and what every record has."""
    pk = model._meta.pk.name
    return tuple(dict.fromkeys((pk, *declared, "is_active", "version", *STAMPS)))


def _default_order(cls: Any) -> str:
    names = {field.name for field in cls.model._meta.concrete_fields if field.name in cls.fields and not field.null}
    return next((name for name in ("name", "code") if name in names), cls.model._meta.pk.name)


def _mistake(cls: Any) -> str:
    """What is wrong with a view's declaration; empty when nothing is."""
    if cls.model is None or not cls.fields:
        return "shows no record: declare model and fields."
    if not isinstance(getattr(cls.model, "scope", None), Scope):
        return f"shows {cls.model.__name__}, which has no scope: declare one on the model."
    if not cls.tier:
        return "has no rate-limit tier: name one."
    if cls.queryset is not None or cls.get_queryset is not MasterDataViewSet.get_queryset:
        return "brings rows of its own: only visible_to() opens the door; use narrow() for annotations."
    return _wrong_column(cls)


def _wrong_column(cls: Any) -> str:
    model, shown = cls.model, set(_all_fields(cls.model, cls.fields))
    secret = set(policy.MASKED) | set(model.tracking.secret)
    for parameter, path in cls.declared_filters().items():
        first = path.split("__")[0]
        if not is_filterable(model, path) or first not in shown or first in secret:
            return f"filters by {parameter}, which is no column that it shows in plain."
    columns = {field.name: field for field in model._meta.concrete_fields}
    for name in (*cls.ordering, *cls.search, *cls.key):
        if name not in shown or name not in columns or name in secret:
            return f"uses {name} in ordering, search or key, which is no column that it shows in plain."
    for name in cls.ordering:
        if columns[name].null or isinstance(columns[name], models.ForeignKey):
            return f"sorts by {name}, which may be empty or is a foreign key."
    return ""
