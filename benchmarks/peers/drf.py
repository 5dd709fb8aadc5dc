"""Plain Django REST framework: ModelViewSet, page numbers with COUNT, three django-ratelimit windows, the library's history
by signals, one event row through the ORM."""

from django.db import transaction
from django.db.models import Q
from django.urls import include, path
from django.utils.decorators import method_decorator
from django_ratelimit.decorators import ratelimit
from rest_framework import routers, serializers, viewsets

from benchmarks.peers.tables.models import COLUMNS, Event, Location


def caller(group, request):
    return request.headers["authorization"]


class LocationSerializer(serializers.ModelSerializer):
    class Meta:
        model = Location
        fields = COLUMNS
        read_only_fields = ("organization_id", "version")


@method_decorator(ratelimit(key="header:x-forwarded-for", rate="1000000/h"), name="dispatch")
@method_decorator(ratelimit(key=caller, rate="100000/h"), name="dispatch")
@method_decorator(ratelimit(key=caller, rate="10000/m"), name="dispatch")
class LocationViewSet(viewsets.ModelViewSet):
    serializer_class = LocationSerializer

    def get_queryset(self):
        mine = Q(organization_id=self.request.user.organization_id) | Q(organization_id=None)
        rows = Location.objects.filter(mine).order_by("name", "code")
        if text := self.request.query_params.get("search"):
            rows = rows.filter(name__icontains=text)
        return rows

    @transaction.atomic
    def perform_create(self, serializer):
        row = serializer.save(organization_id=self.request.user.organization_id)
        self.record("location.created", row, serializer.validated_data)

    @transaction.atomic
    def perform_update(self, serializer):
        row = serializer.save(version=serializer.instance.version + 1)
        self.record("location.updated", row, serializer.validated_data)

    def record(self, event_type, row, values):
        Event.objects.create(
            object_type="location",
            object_id=row.pk,
            event_type=event_type,
            actor_id=self.request.user.pk,
            organization_id=row.organization_id,
            payload={name: str(value) for name, value in values.items()},
        )


router = routers.SimpleRouter(trailing_slash=False)
router.register("locations", LocationViewSet, "location")
urlpatterns = [path("", include(router.urls))]
