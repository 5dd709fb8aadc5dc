"""Background jobs of approvals."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from procrastinate.contrib.django import app

from erp import breakers, context
from erp.approvals import services
from erp.approvals.models import ChangeRequest

# Who hears of a change that nobody else approved, besides super admins.
WATCHERS = ("compliance_officer",)


@app.periodic(cron="7 * * * *")
@app.task(queueing_lock="expire_requests", pass_context=False)
def expire_requests(timestamp: int) -> None:
    """Close requests that nobody decided in time."""
    with context.acting(source="task", actor_label="Approvals", reason="Not decided in time"):
        services.expire_due()


@app.task(retry=breakers.AGAIN, pass_context=False)
def tell_of_break_glass(request_id: str) -> None:
    """Tell the organization's compliance officers, or the super admins where there are none, that somebody acted alone."""
    request = ChangeRequest.objects.select_related("maker").filter(pk=request_id).first()
    if request is None:
        return
    users = get_user_model()._default_manager.filter(is_active=True).exclude(email=None).exclude(pk=request.maker_id)
    watching = users.filter(groups__name__in=WATCHERS, organization=request.organization_id)
    people = list(watching.distinct()) or list(users.filter(is_superuser=True))
    if people:
        text = (
            f"{request.maker} changed {request.object_label} in Cotton ERP without a second person.\n\n"
            f"Reason given: {request.reason}\n\n"
            "Look at the change under Approvals, To review, and confirm it or have it taken back."
        )
        send_mail(
            "A change without a second person", text, settings.DEFAULT_FROM_EMAIL, [user.email for user in people]
        )
