"""What every view of the API does before and after its own work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from erp import context, replicas
from erp.api import errors, secrets
from erp.api.filters import check_parameters
from erp.api.parsers import MEBIBYTE, StrictJSONParser, is_clean
from erp.api.permissions import SignedIn
from erp.middleware import SAFE_METHODS
from erp.ratelimits import RateLimited

REASON_HEADER = "X-Change-Reason"
REASON_LENGTH = (5, 500)


class Negotiation(DefaultContentNegotiation):
    """DRF's, with the answer at hand for what nearly all clients send."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """(renderer, media type). Raises: NotAcceptable."""
        accept = request._request.META.get("HTTP_ACCEPT", "*/*")
        if accept in {"*/*", renderers[0].media_type} and not format_suffix:
            return renderers[0], renderers[0].media_type
        return super().select_renderer(request, renderers, format_suffix)


class ApiView(RateLimited):
    """Authenticates, limits, permits, in this order, and answers every refusal with a problem document.

    tier: row of the table of rate limits that counts the requests.
    parameters: those of the query that the view knows; others are refused.
    """

    tier: ClassVar[str] = "moderate"
    parameters: frozenset[str] = frozenset()
    body_limit = 2 * MEBIBYTE
    permission_classes: Any = (SignedIn,)
    renderer_classes: Any = (JSONRenderer,)
    parser_classes: Any = (StrictJSONParser,)
    content_negotiation_class: type[BaseContentNegotiation] = Negotiation
    metadata_class = None
    http_method_names = ["get", "head", "post", "patch", "delete"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Sign-in, limit, roles; then who acts and why, for the history, and whether the query is one that we know."""
        super().initial(request, *args, **kwargs)
        self._act(request)
        if request.method in SAFE_METHODS and request.user.is_authenticated:
            replicas.read_for(str(request.user.pk))
        check_parameters(request.query_params, known=self.known_parameters())

    def known_parameters(self) -> frozenset[str]:
        """Parameters of the query that this request may have."""
        return self.parameters

    def get_authenticate_header(self, request: HttpRequest) -> str:
        """Whatever authenticates: who has not signed in gets 401."""
        return 'Bearer realm="Cotton ERP"'

    def handle_exception(self, error: Exception) -> Any:
        """The answer to an error. A request whose standby is gone is read again, from the primary."""
        if replicas.lost(error):
            try:
                return getattr(self, str(self.request.method).lower())(self.request, *self.args, **self.kwargs)
            except Exception as again:
                error = again
        return super().handle_exception(error)

    def get_exception_handler(self) -> Any:
        """Ours, whatever the settings say."""
        return errors.handle

    def body(self, request: Request, *, column: bool = False) -> Any:
        """The JSON body without `reason`, which goes to the history. column: the record has a field of that name."""
        data = request.data
        if column or not isinstance(data, Mapping) or "reason" not in data:
            return data
        reason = data["reason"]
        if not isinstance(reason, str):
            raise errors.invalid([{"pointer": "/reason", "code": "invalid", "detail": "The reason is a text."}])
        context.amend(reason=_checked(reason))
        return {name: value for name, value in data.items() if name != "reason"}

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """What one user may see no cache keeps for another; that it held secrets in plain is recorded before it leaves."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        secrets.record(request, answer)
        answer.headers.setdefault("Cache-Control", "private, no-cache")
        return answer

    def _act(self, request: Request) -> None:
        user: Any = request.user
        values: dict[str, Any] = {}
        if user and user.is_authenticated:
            values = {
                "actor_id": user.pk,
                "actor_label": context.label_of(user),
                "organization_id": user.home_organization_id,
            }
        if reason := request.headers.get(REASON_HEADER, ""):
            # Headers come as latin-1; people write reasons in UTF-8.
            values["reason"] = _checked(reason.encode("latin-1", "replace").decode("utf-8", "replace"))
        context.amend(**values)


class UnknownAddress(ApiView):
    """404 for every address under /api/ that is none."""

    authentication_classes: Any = ()
    permission_classes: Any = ()
    schema = None
    http_method_names = [*ApiView.http_method_names, "put", "options", "trace"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises: NotFound."""
        raise NotFound


def _checked(reason: str) -> str:
    least, most = REASON_LENGTH
    text = " ".join(reason.split())
    if not least <= len(text) <= most or not is_clean(text):
        sentence = f"A reason has {least} to {most} characters: it is kept with the change."
        raise errors.invalid([{"pointer": "/reason", "code": "reason", "detail": sentence}])
    return text
