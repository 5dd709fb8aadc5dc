"""Pages of the desk that are no model's."""

from django.urls import path

from accounts.pages import SecondFactorPage, change_password

urlpatterns = [
    path("second-factor/", SecondFactorPage.as_view(), name="second-factor"),
    path("password_change/", change_password),  # before Django's own of that address
]
