"""Pages of the desk as a browser sees them: addresses, forms, and what submitting them sends."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.db import models
from django.test import Client
from django.urls import reverse

REASON = "Ticket 1042"


def url(record: models.Model | type[models.Model], page: str = "change", **query: Any) -> str:
    """Address of a page of a record, or of its model ("changelist", "add", "import", "export")."""
    name = f"admin:{record._meta.app_label}_{record._meta.model_name}_{page}"
    args = [] if isinstance(record, type) else [record.pk]
    return reverse(name, args=args, query=query)


def version_url(record: models.Model, history_id: object) -> str:
    """Address of the page of one past version."""
    name = f"admin:{record._meta.app_label}_{record._meta.model_name}_simple_history"
    return reverse(name, args=[record.pk, history_id])


class FormReader(HTMLParser):
    """Collects what the page's inputs would send, less the empty rows for further children."""

    def __init__(self) -> None:
        super().__init__()
        self.data: dict[str, Any] = {}
        self.select = self.textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if "__prefix__" in name:
            return
        if tag == "select":
            self.select = name
        elif tag == "option" and self.select and "selected" in given:
            self.data[self.select] = given.get("value") or ""
        elif tag == "textarea":
            self.textarea = name
            self.data[name] = ""
        elif tag == "input" and name:
            self.read_input(name, given)

    def read_input(self, name: str, given: dict[str, str | None]) -> None:
        kind = given.get("type")
        if kind in {"checkbox", "radio"} and "checked" in given:
            self.data[name] = given.get("value") or "on"
        elif kind not in {"checkbox", "radio", "submit", "file"}:
            self.data[name] = given.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self.textarea:
            self.data[self.textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.data[self.textarea] = self.data[self.textarea].removeprefix("\n")
            self.textarea = ""


def read_form(page: Any) -> dict[str, Any]:
    """What submitting this page unchanged would send."""
    reader = FormReader()
    reader.feed(page.content.decode())
    return {name: value for name, value in reader.data.items() if name not in {"csrfmiddlewaretoken", "q"}}


def submit(client: Client, address: str, page: Any = None, **changes: Any) -> Any:
    """Open the form at this address (unless it was opened before), change what is given, and save it."""
    data = read_form(page or client.get(address))
    return client.post(address, {**data, "reason": REASON, "_save": "Save", **changes})
