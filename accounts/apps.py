from django.apps import AppConfig
from django.db.models.signals import post_migrate

from erp.events.tracking import Tracking


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Users and roles"

    def ready(self) -> None:
        from accounts import desk, security  # noqa: F401, PLC0415 (connect their receivers, register the event types)
        from accounts.roles import sync_after_migrate  # noqa: PLC0415 (needs the app registry)
        from erp.events.capture import track_events_only  # noqa: PLC0415 (needs the app registry)

        post_migrate.connect(sync_after_migrate, dispatch_uid="accounts.roles")

        for label, tracking in {
            "auth.Group": Tracking("role", label="name", category="security"),
            "auth.Group_permissions": Tracking("role", part="permission", parent="group", category="security"),
            "accounts.User_groups": Tracking("user", part="role", parent="user", category="security"),
            "accounts.User_user_permissions": Tracking("user", part="permission", parent="user", category="security"),
            "otp_totp.TOTPDevice": Tracking(
                "user",
                part="second_factor",
                parent="user",
                secret=("key",),
                ignored=("throttling_failure_timestamp", "throttling_failure_count", "last_t", "drift", "last_used_at"),
                category="security",
            ),
        }.items():
            track_events_only(label, tracking)
