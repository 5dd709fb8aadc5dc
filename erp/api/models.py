"""What the API itself keeps: answers to requests that a client may send twice."""

from __future__ import annotations

from django.db import models


class StoredAnswer(models.Model):
    """The answer to one POST with an Idempotency-Key, kept a day. Written in the transaction of what the request did."""

    id = models.BigAutoField(primary_key=True)
    user_id = models.UUIDField()
    method = models.CharField(max_length=7)
    path = models.CharField(max_length=500)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the body, in hex.")
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "api_stored_answer"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=("user_id", "method", "path", "key"),
                name="storedanswer_unique",
                violation_error_message="This request was answered already.",
            ),
        ]
        indexes = [models.Index(fields=("created_at",), name="storedanswer_age")]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key}"
