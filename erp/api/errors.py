"""Every refusal is a problem document of RFC 9457, from the view's first check to the database's last."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.apps import apps
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.db import DatabaseError, DataError, IntegrityError, connection, models, transaction
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error

from erp import context
from erp.approvals.services import ApprovalError, refusal, refused
from erp.middleware import SAFE_METHODS
from erp.models import StaleVersionError
from erp.postgresql.base import OutcomeUnknownError, is_away

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:cotton-erp:problem:"
WHOLE = ("non_field_errors", "__all__")
OWNERS = {"organization", "partner"}
NOT_FOUND = "There is no such record."
DENIED = "Your roles do not allow this."
# SQLSTATE of the classes of errors that a client can do something about.
UNIQUE, EXCLUSION, FOREIGN_KEY = "23505", "23P01", "23503"
TOO_LONG = "57014"  # statement_timeout
BUSY = {"40P01", "40001", "55P03"}  # deadlock, serialization failure, lock not available
AWAY_S = 5  # a restart of the database takes a few seconds
Error = dict[str, str]
UNIQUE_COLUMN = re.compile(r"Key \((\w+)\)=")
# Refusals that say no more than their kind.
PLAIN: dict[type[Exception], tuple[int, str, str]] = {
    Http404: (404, "not_found", NOT_FOUND),
    exceptions.NotFound: (404, "not_found", NOT_FOUND),
    PermissionDenied: (403, "permission_denied", DENIED),
    RequestDataTooBig: (413, "too_large", "The body is too large: send it in parts."),
    SuspiciousOperation: (400, "bad_request", "The request is malformed."),
}


class Problem(exceptions.APIException):
    """A refusal with its own status, code and sentence.

    errors: [{"pointer", "code", "detail"}], where parts of the request are to blame.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Error] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.code = code
        self.sentence = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})


def bad_parameter(name: str, detail: str) -> Problem:
    """400 for a parameter of the query."""
    return Problem(400, "parameter", detail, errors=[{"pointer": f"?{name}", "code": "parameter", "detail": detail}])


def invalid(errors: Sequence[Error]) -> Problem:
    """400 for parts of the body."""
    counted = "One value is" if len(errors) == 1 else f"{len(errors)} values are"
    return Problem(400, "invalid", f"{counted} not acceptable; nothing was written.", errors=errors)


def handle(exc: Exception, view_context: dict[str, Any]) -> Response:
    """DRF's exception handler. A refused write is rolled back, whoever opened the transaction."""
    request: HttpRequest = view_context["request"]._request
    if request.method not in SAFE_METHODS and connection.in_atomic_block:
        transaction.set_rollback(True)
    problem = translate(exc)
    if problem is None:
        logger.exception("Request %s failed.", context.current().request_id)
        got_request_exception.send(sender=type(view_context["view"]), request=request)
        problem = Problem(
            500, "server_error", "Something failed on our side; nothing was written. Name the request id."
        )
    response = Response(document(problem, request), status=problem.status_code, headers=problem.headers)
    response.content_type = MEDIA_TYPE
    return response


def document(problem: Problem, request: HttpRequest) -> dict[str, Any]:
    """The problem as JSON."""
    shown = {
        "type": f"{TYPE}{problem.code}",
        "title": HTTPStatus(problem.status_code).phrase,
        "status": problem.status_code,
        "code": problem.code,
        "detail": problem.sentence,
        "instance": request.path,
        "request_id": context.current().request_id,
    }
    return {**shown, "errors": problem.errors} if problem.errors else shown


def translate(exc: Exception) -> Problem | None:
    """The problem that an exception means; None: it is our fault."""
    return _of_request(exc) or _of_approval(exc) or _of_outage(exc) or _of_data(exc)


def flatten(detail: Any, pointer: str = "") -> Iterator[Error]:
    """DRF's nested messages as a flat list with JSON pointers."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            part = str(name).replace("~", "~0").replace("/", "~1")
            yield from flatten(inner, pointer if name in WHOLE else f"{pointer}/{part}")
    elif isinstance(detail, (list, tuple)):
        for number, inner in enumerate(detail):
            yield from flatten(inner, pointer if isinstance(inner, str) else f"{pointer}/{number}")
    else:
        yield {"pointer": pointer, "code": str(getattr(detail, "code", "invalid")), "detail": str(detail)}


def _of_request(exc: Exception) -> Problem | None:
    match exc:
        case Problem():
            return exc
        case exceptions.ValidationError() | DjangoValidationError():
            detail = exc.detail if isinstance(exc, exceptions.ValidationError) else as_serializer_error(exc)
            return invalid(list(flatten(detail)))
        case exceptions.APIException() if not isinstance(exc, exceptions.NotFound):
            return _of_framework(exc)
    return next((Problem(*answer) for kind, answer in PLAIN.items() if isinstance(exc, kind)), None)


def _of_framework(exc: exceptions.APIException) -> Problem:
    headers = {}
    if challenge := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = f"{int(wait)}"
    headers |= getattr(exc, "headers", {})
    first = next(flatten(exc.detail), {"code": "error", "detail": "The request was refused."})
    code = exc.get_codes() if isinstance(exc.get_codes(), str) else exc.default_code
    errors = getattr(exc, "errors", ())
    return Problem(exc.status_code, str(code), first["detail"], errors=errors, headers=headers)


def _of_approval(exc: Exception) -> Problem | None:
    if isinstance(exc, ApprovalError):
        return Problem(403, "approval_required", str(exc))
    if isinstance(exc, DatabaseError) and refused(exc):
        return Problem(409, "approval_required", refusal(exc))
    return None


def _of_data(exc: Exception) -> Problem | None:
    match exc:
        case StaleVersionError():
            return Problem(412, "stale", "The record changed since you read it: read it again and repeat the change.")
        case models.ProtectedError() | models.RestrictedError():
            return _in_use(exc)
        case IntegrityError():
            return of_integrity(exc)
        case DataError():
            return Problem(400, "invalid", "A value does not fit its column: it is too long or too large.")
    return None


def _of_outage(exc: Exception) -> Problem | None:
    """503 while the database can't serve the request. Only a commit that nobody confirmed leaves a doubt."""
    if isinstance(exc, DatabaseError) and _sqlstate(exc) in BUSY:
        sentence = "Others are changing the same records right now: repeat the request."
        return Problem(503, "busy", sentence, headers={"Retry-After": "1"})
    if isinstance(exc, DatabaseError) and _sqlstate(exc) == TOO_LONG:
        sentence = (
            "This took longer than a request may and nothing was written: ask for less at once, or repeat it later."
        )
        return Problem(503, "too_long", sentence, headers={"Retry-After": f"{AWAY_S}"})
    if not is_away(exc):
        return None
    code, sentence = "unavailable", "The database is away for a moment and nothing was written: repeat the request."
    if isinstance(exc, OutcomeUnknownError):
        code = "outcome_unknown"
        sentence = (
            "The database went away while it saved this, and it may have been saved or not: "
            "repeat the request with the same Idempotency-Key, or read the record."
        )
    return Problem(503, code, sentence, headers={"Retry-After": f"{AWAY_S}"})


def _in_use(exc: models.ProtectedError | models.RestrictedError) -> Problem:
    rows: Iterable[Any] = exc.args[1]
    return in_use({str(type(row)._meta.verbose_name_plural) for row in rows})


def in_use(kinds: Iterable[str]) -> Problem:
    """409 for a record that others refer to; names only their kinds."""
    return Problem(
        409,
        "in_use",
        f"Other records refer to this one ({', '.join(sorted(kinds))}): deactivate it instead of deleting.",
    )


def of_integrity(exc: DatabaseError, *, pointer: str = "") -> Problem:
    """What a broken rule of the database means to the client. `pointer`: the row in a body with many."""
    diagnosis = _diagnosis(exc)
    name, table = getattr(diagnosis, "constraint_name", None) or "", getattr(diagnosis, "table_name", None) or ""
    model = _model_of(table)
    if _sqlstate(exc) == FOREIGN_KEY:
        if "update or delete on table" in str(exc):
            return in_use({str(model._meta.verbose_name_plural) if model else "records"})
        return invalid(
            [{"pointer": pointer, "code": "does_not_exist", "detail": "It refers to a record that is gone."}]
        )
    rule = constraint(model, name)
    sentence = str(rule.violation_error_message) if rule else "The database refuses this value."
    if rule is None and _sqlstate(exc) == UNIQUE:
        sentence = "Another record has this value: choose another one."
    derived: Mapping[str, str] = getattr(model, "derived_from", {})
    fields = [derived.get(each, each) for each in (fields_of(rule) if rule else _columns_told(exc))]
    code = "unique" if _sqlstate(exc) in {UNIQUE, EXCLUSION} else "rule"
    at = f"{pointer}/{fields[0]}" if len(fields) == 1 else pointer
    return invalid([{"pointer": at, "code": code, "detail": sentence}])


def _columns_told(exc: DatabaseError) -> list[str]:
    """The column that PostgreSQL names itself: of a missing value, or of a unique column without a rule of ours."""
    column = getattr(_diagnosis(exc), "column_name", None)
    unique = UNIQUE_COLUMN.match(broken_values(exc))
    found = column or (unique[1] if unique else "")
    return [found.removesuffix("_id")] if found else []


def constraint(model: type[models.Model] | None, name: str) -> models.BaseConstraint | None:
    """A model's constraint by name."""
    found = (rule for rule in model._meta.constraints if rule.name == name) if model else iter(())
    return next(found, None)


def fields_of(rule: Any) -> list[str]:
    """Columns that a constraint is about, without the owner, which the client did not choose."""
    if isinstance(rule, models.UniqueConstraint):
        names = list(rule.fields) or [names_in(part) for part in rule.expressions]
    elif isinstance(rule, models.CheckConstraint):
        names = sorted(getattr(rule.condition, "referenced_base_fields", ()))
    else:
        names = []
    return [name for name in names if name and name not in OWNERS]


def names_in(expression: Any) -> str:
    """The column that an expression of a constraint, such as Lower("name"), is about."""
    nodes: Any = [expression] if isinstance(expression, F) else expression.flatten()
    columns: Any = (node for node in nodes if isinstance(node, F))
    return next((str(column.name) for column in columns), "")


def constraint_name(exc: DatabaseError) -> str:
    """Name of the constraint that was broken."""
    return getattr(_diagnosis(exc), "constraint_name", None) or ""


def broken_values(exc: DatabaseError) -> str:
    """PostgreSQL's own sentence about the broken rule, which holds the values of the row. Never shown to a client."""
    return getattr(_diagnosis(exc), "message_detail", None) or ""


def _diagnosis(exc: BaseException) -> Any:
    return getattr(exc.__cause__, "diag", None)


def _sqlstate(exc: BaseException) -> str:
    return getattr(exc.__cause__, "sqlstate", None) or ""


def _model_of(table: str) -> type[models.Model] | None:
    return next((model for model in apps.get_models() if model._meta.db_table == table), None)


# Refusals of Django itself, before a view was found or after it -----------------------------------------------------------


def is_api(request: HttpRequest) -> bool:
    """Whether the request is one of a machine, which is answered in JSON."""
    return request.path.startswith("/api/")


def as_response(problem: Problem, request: HttpRequest) -> HttpResponse:
    """The problem as a plain response of Django."""
    return JsonResponse(
        document(problem, request), status=problem.status_code, headers=problem.headers, content_type=MEDIA_TYPE
    )
