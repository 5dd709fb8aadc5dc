"""Papers of a partner: certificates, identity and bank proofs, contracts."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.utils import timezone

from erp import context, files
from erp.events.tracking import Tracking
from erp.rules import known_choices
from partners.models.base import PartnerPart

# A file and the sweeper of files (partners/jobs.py) hold this lock, so that neither acts on what the other is about to change.
FILE_LOCK = "SELECT pg_advisory_xact_lock_shared(hashtext('partners.files'))"


class DocumentType(models.TextChoices):
    """What a paper is."""

    PAN_CARD = "pan_card", "PAN card"
    TAX_CERTIFICATE = "tax_certificate", "Tax registration certificate"
    INCORPORATION = "incorporation", "Certificate of incorporation"
    PARTNERSHIP_DEED = "partnership_deed", "Partnership deed"
    IDENTITY_PROOF = "identity_proof", "Proof of identity"
    ADDRESS_PROOF = "address_proof", "Proof of address"
    BANK_PROOF = "bank_proof", "Cancelled cheque or letter of the bank"
    IEC_CERTIFICATE = "iec_certificate", "Importer-exporter certificate"
    LICENCE = "licence", "Trade licence"
    AUTHORISATION = "authorisation", "Board resolution or authorisation"
    AGREEMENT = "agreement", "Agreement"
    OTHER = "other", "Other"


class DocumentStatus(models.TextChoices):
    """What was found when somebody looked at the paper."""

    UPLOADED = "uploaded", "Uploaded"
    VERIFIED = "verified", "Verified"
    REJECTED = "rejected", "Rejected"
    EXPIRED = "expired", "Expired"


# Somebody looked at the paper.
REVIEWED = (DocumentStatus.VERIFIED, DocumentStatus.REJECTED)


def private_path(document: PartnerDocument, name: str) -> str:
    """Path below MEDIA_ROOT that tells nothing; no URL leads there. `name`, the user's, is kept in `file_name` only."""
    return f"partners/{document.partner_id}/{document.sha256}{files.SUFFIXES.get(document.mime, '')}"


@known_choices
class PartnerDocument(PartnerPart):
    """A paper of a partner, with what it says and who found it right. Its file never changes: a newer one supersedes it."""

    Type = DocumentType
    Status = DocumentStatus

    tracking = Tracking(
        "partner", part="document", parent="partner", label="document_type", pii=("number", "extracted")
    )

    partner = models.ForeignKey("partners.BusinessPartner", models.PROTECT, related_name="documents")
    document_type = models.CharField(
        "type", max_length=20, choices=DocumentType, help_text="Example: Tax registration certificate"
    )
    subtype = models.CharField(max_length=60, blank=True, help_text="Which one exactly. Example: GST REG-06")
    number = models.CharField(max_length=60, blank=True, help_text="Printed on the paper. Example: 27AAPFU0939F1ZV")
    country = models.ForeignKey(
        "locations.Country", models.PROTECT, related_name="+", help_text="Where it was issued. Example: India"
    )
    file = models.FileField(
        storage=files.private_storage,
        upload_to=private_path,
        max_length=200,
        help_text=f"PDF, JPEG or PNG of at most {files.MAX_MEGABYTES} MB.",
    )
    file_name = models.CharField(max_length=200, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    size = models.PositiveIntegerField("size in bytes", editable=False)
    mime = models.CharField("kind of file", max_length=50, editable=False)
    issued_on = models.DateField(null=True, blank=True, help_text="Example: 2024-04-01")
    expires_on = models.DateField(null=True, blank=True, help_text="Last day; empty if it never expires.")
    status = models.CharField(
        max_length=8,
        choices=DocumentStatus,
        default=DocumentStatus.UPLOADED,
        help_text="Whoever changes it to verified or rejected is the verifier, and can't be the uploader.",
    )
    uploaded_by = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="uploaded_documents", null=True, blank=True, editable=False
    )
    verified_by = models.ForeignKey(
        "accounts.User", models.PROTECT, related_name="verified_documents", null=True, blank=True, editable=False
    )
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    reject_reason = models.CharField(
        max_length=300, blank=True, help_text="Rejected papers only. Example: Name differs from the PAN card"
    )
    extracted = models.JSONField(default=dict, blank=True, editable=False)
    supersedes = models.ForeignKey(
        "self",
        models.PROTECT,
        related_name="successors",
        null=True,
        blank=True,
        help_text="The older paper that this one replaces.",
    )

    # What was read of a file that is not stored yet, and the fingerprint of the one that the scanner let pass.
    _found: files.Measured | None = None
    _scanned = ""

    class Meta:
        ordering = ("document_type", "-created_at")
        constraints = [
            models.UniqueConstraint(
                fields=("partner", "sha256"),
                name="partnerdocument_file_unique",
                violation_error_message="The partner has this very file already: choose another file.",
            ),
            # Target of the composite foreign key of `supersedes`.
            models.UniqueConstraint(
                fields=("id", "partner"),
                name="partnerdocument_id_partner",
                violation_error_message="A document belongs to one partner.",
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$", size__gt=0, mime__in=sorted(files.SUFFIXES)),
                name="partnerdocument_file_known",
                violation_error_message="Choose a PDF, JPEG or PNG file.",
            ),
            models.CheckConstraint(
                condition=Q(issued_on__isnull=True) | Q(expires_on__isnull=True) | Q(expires_on__gt=F("issued_on")),
                name="partnerdocument_expiry_after_issue",
                violation_error_message="The document must expire after the day of issue.",
            ),
            models.CheckConstraint(
                condition=~Q(status=DocumentStatus.VERIFIED)
                | Q(uploaded_by__isnull=False, verified_by__isnull=False, verified_at__isnull=False),
                name="partnerdocument_verified_has_verifier",
                violation_error_message="A verified document needs who verified it and when, and a known uploader.",
            ),
            models.CheckConstraint(
                condition=Q(verified_by__isnull=True) | Q(uploaded_by__isnull=True) | ~Q(verified_by=F("uploaded_by")),
                name="partnerdocument_verifier_is_another",
                violation_error_message="Nobody verifies what they uploaded: ask a colleague.",
            ),
            models.CheckConstraint(
                condition=~Q(status=DocumentStatus.REJECTED) | ~Q(reject_reason=""),
                name="partnerdocument_rejected_has_reason",
                violation_error_message="Say why the document is rejected.",
            ),
            models.CheckConstraint(
                condition=Q(supersedes__isnull=True) | ~Q(supersedes=F("id")),
                name="partnerdocument_not_own_successor",
                violation_error_message="A document can't replace itself: choose the older one.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_document_type_display()} {self.number}".strip()

    def clean_fields(self, exclude: Any = None) -> None:
        """Fills what follows from the file and from who is acting; the rules are about that, too."""
        self._take_file()
        self._take_verifier()
        super().clean_fields(exclude)

    def clean(self) -> None:
        """Rules of the file, and of the rows that the document names."""
        self._clean_file()
        verifier, owner = self.verified_by, self.organization_id
        if verifier and owner and verifier.organization_id not in {None, owner}:
            raise ValidationError(
                {"verified_by": f"{verifier} does not work for the partner's organization: choose one of its staff."}
            )
        if self.supersedes and self.supersedes.partner_id != self.partner_id:
            raise ValidationError(
                {"supersedes": f"{self.supersedes} belongs to another partner: choose one of this partner's papers."}
            )

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises: ValidationError: the virus scanner refuses the file. Files know no rollback: what is left is swept."""
        self._take_file()
        if self._state.adding and not self.uploaded_by_id:
            self.uploaded_by_id = context.current().actor_id
        if not self._has_new_file:
            super().save(*args, **kwargs)
            return
        self._scan()
        with transaction.atomic(savepoint=False):
            with connection.cursor() as cursor:
                cursor.execute(FILE_LOCK)
            super().save(*args, **kwargs)

    @property
    def _has_new_file(self) -> bool:
        return bool(self.file) and not getattr(self.file, "_committed", True)

    def _take_file(self) -> None:
        """Fingerprint, size and kind of a file that is not stored yet."""
        if not self._has_new_file:
            return
        found = files.measure(self.file)
        self.sha256, self.size, self.mime, self.file_name = found.sha256, found.size, found.mime, found.name
        self._found = found

    def _scan(self) -> None:
        """Once for each file. Raises: ValidationError."""
        if self._scanned == self.sha256:
            return
        try:
            files.scan(self.file)
        except ValidationError as refused:
            raise ValidationError({"file": refused.messages}) from refused
        self._scanned = self.sha256

    def _take_verifier(self) -> None:
        """Whoever now finds the paper right or wrong is its verifier."""
        stored = type(self)._base_manager.filter(pk=self.pk).values_list("status", "verified_by_id").first()
        status, verifier = stored or (DocumentStatus.UPLOADED, None)
        if self.status == DocumentStatus.UPLOADED:
            self.verified_by_id = self.verified_at = None
        elif self.status in REVIEWED and self.status != status and self.verified_by_id == verifier:
            self.verified_by_id, self.verified_at = context.current().actor_id, timezone.now()

    def _clean_file(self) -> None:
        if not self._has_new_file:
            return
        if not self._state.adding:
            raise ValidationError(
                {"file": "A stored file stays as it is: enter the new one as a document that supersedes this one."}
            )
        try:
            files.check(self._found or files.measure(self.file))
        except ValidationError as refused:
            raise ValidationError({"file": refused.messages}) from refused
        self._scan()
