"""Sign-in of the API: /api/v1/auth. Tokens come from accounts/sessions.py, and each request is let in by erp/authentication.py."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate, password_validation
from django.core import exceptions
from django.db import models, transaction
from django.http import Http404
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import AuthenticationFailed, ValidationError
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import guard, second_factor, security, sessions
from accounts.models import AuthSession, User
from accounts.passwords import SAME_PASSWORD
from accounts.serializers import (
    LoginSerializer,
    MeSerializer,
    PasswordSerializer,
    RefreshSerializer,
    SessionSerializer,
    TokensSerializer,
)
from erp import context, tokens
from erp.api.parsers import StrictJSONParser
from erp.authentication import SCHEME, ApiKeyAuthentication, SessionTokenAuthentication
from erp.ratelimits import RateLimited

ENDED = OpenApiResponse(description="Ended. Its tokens open nothing any more.")


class AuthView(RateLimited):
    """A request about the caller's own sign-in, which therefore takes no API key."""

    tier = "strict"
    body_limit = 16 * 1024
    parser_classes: Any = [StrictJSONParser]
    renderer_classes: Any = [JSONRenderer]
    authentication_classes: Any = [SessionTokenAuthentication]
    permission_classes: Any = [IsAuthenticated]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        user: Any = request.user
        if user.is_authenticated:
            context.amend(
                actor_id=user.pk, actor_label=context.label_of(user), organization_id=user.home_organization_id
            )

    def get_authenticate_header(self, request: Request) -> str:
        # Also where nobody is authenticated: DRF would turn a refused login from 401 into 403.
        return f'{SCHEME} realm="api"'


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class OpenAuthView(AuthView):
    """A request without a sign-in. What it writes (failed attempts, ended sign-ins) stays although the answer is a refusal."""

    authentication_classes: Any = []
    permission_classes: Any = [AllowAny]

    def handle_exception(self, exc: Exception) -> Response:
        # The handler of refusals rolls the transaction back that it finds: here, one of its own.
        with transaction.atomic():
            return super().handle_exception(exc)


class LoginView(OpenAuthView):
    tier = "login"

    @extend_schema(
        operation_id="auth_login",
        tags=["auth"],
        auth=[],
        request=LoginSerializer,
        responses=TokensSerializer,
        summary="Sign in",
    )
    @method_decorator(sensitive_variables("given"))
    def post(self, request: Request) -> Response:
        """Tokens for email or mobile and password, and a code where the user has a second factor.

        An unknown name, a wrong password and a deactivated user get the same answer.
        """
        given = _valid(LoginSerializer, request)
        attempt = guard.admit(request._request, given["username"])
        user = authenticate(request._request, username=given["username"], password=given["password"])
        if not isinstance(user, User):
            raise _wrong_credentials()
        attempt.give_back()
        _check_second_factor(user, given.get("otp", ""))
        try:
            session = sessions.open_session(user, kind=AuthSession.Kind.API, request=request._request)
        except sessions.RefusedError:
            raise _wrong_credentials() from None
        return _answer(sessions.tokens_of(session))


class RefreshView(OpenAuthView):
    @extend_schema(
        operation_id="auth_refresh",
        tags=["auth"],
        auth=[],
        request=RefreshSerializer,
        responses=TokensSerializer,
        summary="Refresh",
    )
    def post(self, request: Request) -> Response:
        """A new pair of tokens. A refresh token works once: using it again ends the sign-in, because somebody copied it."""
        given = _valid(RefreshSerializer, request)
        try:
            return _answer(sessions.rotate(given["refresh_token"]))
        except tokens.ExpiredTokenError:
            raise AuthenticationFailed("The refresh token has expired: sign in again.", "token_expired") from None
        except tokens.TokenError:
            raise AuthenticationFailed("The refresh token is not valid: sign in.", "token_invalid") from None
        except sessions.RefusedError:
            raise AuthenticationFailed("This sign-in has ended: sign in again.", "session_ended") from None


class LogoutView(AuthView):
    @extend_schema(operation_id="auth_logout", tags=["auth"], request=None, responses={204: ENDED}, summary="Sign out")
    def post(self, request: Request) -> Response:
        """End this sign-in."""
        sessions.revoke(_session(request), AuthSession.Reason.LOGOUT)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LogoutAllView(AuthView):
    @extend_schema(
        operation_id="auth_logout_all",
        tags=["auth"],
        request=None,
        responses={204: ENDED},
        summary="Sign out everywhere",
    )
    def post(self, request: Request) -> Response:
        """End all sign-ins of the caller, this one and those at the desk too."""
        sessions.revoke_all(_session(request).user, AuthSession.Reason.LOGOUT_ALL)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeView(AuthView):
    authentication_classes: Any = [SessionTokenAuthentication, ApiKeyAuthentication]

    @extend_schema(operation_id="auth_me", tags=["auth"], responses=MeSerializer, summary="Who am I?")
    def get(self, request: Request) -> Response:
        """The caller, with roles and permissions."""
        user: Any = request.user
        return Response(MeSerializer(user).data)


class PasswordView(AuthView):
    @extend_schema(
        operation_id="auth_password",
        tags=["auth"],
        request=PasswordSerializer,
        responses=TokensSerializer,
        summary="Change password",
    )
    @method_decorator(sensitive_variables("given"))
    def post(self, request: Request) -> Response:
        """A new password. All sign-ins end with it, this one too; the answer holds the tokens of a new one."""
        given = _valid(PasswordSerializer, request)
        user = User.objects.select_for_update(no_key=True).get(pk=_session(request).user.pk)
        if not user.check_password(given["current_password"]):
            raise ValidationError({"current_password": ["This is not your present password."]}, "wrong_password")
        if given["new_password"] == given["current_password"]:
            raise ValidationError({"new_password": [SAME_PASSWORD]}, "same_password")
        try:
            password_validation.validate_password(given["new_password"], user)
        except exceptions.ValidationError as error:
            raise ValidationError({"new_password": error.messages}, "weak_password") from None
        context.amend(reason="Password changed by its owner")
        user.set_password(given["new_password"])
        user.must_change_password = False
        user.save()
        session = sessions.open_session(user, kind=AuthSession.Kind.API, request=request._request)
        return _answer(sessions.tokens_of(session))


class SessionsView(AuthView):
    @extend_schema(
        operation_id="auth_sessions", tags=["auth"], responses=SessionSerializer(many=True), summary="My sign-ins"
    )
    def get(self, request: Request) -> Response:
        """The caller's open sign-ins, newest first, at the desk and through the API."""
        own = _open_sessions(request)
        return Response(SessionSerializer(own, many=True, context={"current": _session(request)}).data)


class SessionView(AuthView):
    @extend_schema(operation_id="auth_session_end", tags=["auth"], responses={204: ENDED}, summary="End a sign-in")
    def delete(self, request: Request, pk: Any) -> Response:
        """End one of the caller's own sign-ins."""
        session = _open_sessions(request).filter(pk=pk).first()
        if session is None:
            raise Http404
        sessions.revoke(session, AuthSession.Reason.LOGOUT)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _valid(serializer_class: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """What the body says. Raises: ValidationError."""
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    given: dict[str, Any] = serializer.validated_data
    return given


def _session(request: Request) -> AuthSession:
    """The sign-in that the access token names."""
    session: AuthSession = request.auth  # type: ignore[assignment]  # the stubs know DRF's own tokens only
    return session


def _open_sessions(request: Request) -> models.QuerySet[AuthSession]:
    user = _session(request).user
    return AuthSession.objects.visible_to(user).filter(
        user=user, revoked_at=None, expires_at__gt=models.functions.Now()
    )


def _answer(pair: sessions.Tokens) -> Response:
    response = Response(TokensSerializer(pair).data)
    response["Cache-Control"] = "no-store"
    return response


def _check_second_factor(user: User, code: str) -> None:
    """Raises: AuthenticationFailed: the user has a second factor and the code is missing or wrong, or must have one."""
    if not second_factor.is_owed_by(user):
        return
    if not user.mfa_enabled:
        raise AuthenticationFailed("Set up your second factor at the desk first.", "otp_not_set_up")
    if not code:
        raise AuthenticationFailed("Send the code of your authenticator app as `otp`.", "otp_required")
    if not second_factor.verify(user, code):
        security.record(security.LOGIN_FAILED, user, reason="code")
        raise AuthenticationFailed("The code is wrong or was used before: wait for the next one.", "otp_wrong")


def _wrong_credentials() -> AuthenticationFailed:
    return AuthenticationFailed("Name or password is wrong, or the user is deactivated.", "wrong_credentials")
