from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from erp import breakers
from erp.ledger import keys
from erp.ops import health


@pytest.fixture(autouse=True)
def _fresh(settings: Any, tmp_path: Path) -> Iterator[None]:
    """Breakers are closed, readiness is asked anew, and there is a signing key."""
    settings.AUDIT_SIGNING_KEY_FILE = str(tmp_path / "key.pem")
    keys.write(tmp_path / "key.pem")
    breakers.forget()
    health.forget()
    yield
    breakers.forget()
    health.forget()
