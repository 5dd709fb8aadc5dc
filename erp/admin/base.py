"""Base classes of every page of the desk.

    @admin.register(Commodity)
    class CommodityAdmin(MasterDataAdmin):
        list_display = ("code", "name", "category")
        inlines = (VarietyInline,)

A subclass says what is shown. Scope, reasons, versions, history, import and export come from here; foreign keys get a
search field and their joins by themselves.
"""

from __future__ import annotations

from erp.admin.control import ChangeControl
from erp.admin.generic import StackedInline, TabularInline
from erp.admin.history import SecureHistory
from erp.admin.lists import EstimatedCountPaginator
from erp.admin.quality import QualityLists
from erp.admin.scope import ScopedAdmin, ScopedInline
from erp.admin.search import SearchedLists
from erp.admin.secrets import SecretReading
from erp.admin.transfer import SecureTransfer
from erp.admin.work import Remembered


class MasterDataAdmin(
    Remembered, QualityLists, SearchedLists, ScopedAdmin, ChangeControl, SecureHistory, SecretReading, SecureTransfer
):
    """Admin of one MasterData model."""

    list_per_page = 100
    list_max_show_all = 100
    show_full_result_count = False
    paginator = EstimatedCountPaginator
    save_on_top = False


class ChildInline(ScopedInline, TabularInline):
    """Children in a table on their parent's form."""

    extra = 0


class StackedChildInline(ScopedInline, StackedInline):
    """Children with many fields, one below the other on their parent's form."""

    extra = 0


__all__ = ["ChildInline", "MasterDataAdmin", "StackedChildInline"]
