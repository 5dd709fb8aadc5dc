from django.apps import AppConfig

from erp.events import capture

APPEND_ONLY = ("ledger_leaf", "ledger_node", "ledger_head")


class LedgerConfig(AppConfig):
    name = "erp.ledger"
    label = "ledger"
    verbose_name = "Ledger"

    def ready(self) -> None:
        from erp.ledger import keys, sinks, state  # noqa: F401, PLC0415 (register checks and event types)

        capture.keep_append_only(*APPEND_ONLY)
