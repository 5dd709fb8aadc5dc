"""Addresses of the API's sign-in."""

from django.urls import path

from accounts import auth_api

urlpatterns = [
    path("login", auth_api.LoginView.as_view(), name="auth-login"),
    path("refresh", auth_api.RefreshView.as_view(), name="auth-refresh"),
    path("logout", auth_api.LogoutView.as_view(), name="auth-logout"),
    path("logout-all", auth_api.LogoutAllView.as_view(), name="auth-logout-all"),
    path("me", auth_api.MeView.as_view(), name="auth-me"),
    path("password", auth_api.PasswordView.as_view(), name="auth-password"),
    path("sessions", auth_api.SessionsView.as_view(), name="auth-sessions"),
    path("sessions/<uuid:pk>", auth_api.SessionView.as_view(), name="auth-session"),
]
