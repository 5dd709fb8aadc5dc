"""Pages of the desk that are no model's."""

from django.urls import path

from accounts.pages import SecondFactorPage, change_password, login

urlpatterns = [
    path("second-factor/", SecondFactorPage.as_view(), name="second-factor"),
    path("login/", login),  # these two before Django's own of that address
    path("password_change/", change_password),
]
