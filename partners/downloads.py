"""Papers leave through here, at the desk and in the API, and who took which is recorded."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404

from erp import files
from erp.events import access
from partners.models import PartnerDocument


def downloaded(document: PartnerDocument, user: Any) -> FileResponse:
    """The file of a document that the user may see. Raises: Http404: it is not on the disk."""
    try:
        answer = files.attachment(document.file, name=document.file_name, mime=document.mime)
    except FileNotFoundError:
        raise Http404 from None
    try:
        access.record(
            access.FILE_READ,
            user,
            what=f"{document.get_document_type_display()} of {document.partner}",
            subject=access.subject_of(document),
            organization_id=document.organization_id,
            payload={"sha256": document.sha256},
        )
    except BaseException:
        answer.close()
        raise
    return answer
