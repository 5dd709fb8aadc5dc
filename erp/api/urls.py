"""Addresses below /api/v1/: every registered kind of record, and the feed of events."""

from django.urls import path

from erp.api.approvals import ChangeRequests
from erp.api.events import Feed, FeedStats
from erp.api.router import Directory, resources

_patterns = [
    *(pattern for resource in resources() for pattern in resource.urls()),
    *(
        path(
            f"change-requests/<str:pk>/{step}",
            ChangeRequests.as_view({"post": step}, basename="change_requests"),
            name=f"change_requests-{step}",
        )
        for step in ("approve", "reject", "withdraw")
    ),
    path("events", Feed.as_view(), name="events"),
    path("events/stats", FeedStats.as_view(), name="events-stats"),
]

urlpatterns = [Directory(_patterns)]
