"""Where demonstration data does not go."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import OperationalError

from erp.demo import checks


def test_production_is_refused(settings: Any, db: None) -> None:
    settings.DEBUG = settings.DEMO = False
    with pytest.raises(CommandError, match="never runs in production"):
        call_command("seed_demo")
    assert not get_user_model()._default_manager.exists()


def test_database_without_reference_data_is_refused(settings: Any, db: None) -> None:
    settings.DEMO = True
    with pytest.raises(CommandError, match="load_reference_data"):
        call_command("seed_demo")
    assert not get_user_model()._default_manager.exists()


def test_deployment_check_is_silent_without_demonstration_users(db: None) -> None:
    assert checks.check_no_demo_users() == []


def test_deployment_check_says_when_it_could_not_look(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any) -> int:
        raise OperationalError("no server")

    monkeypatch.setattr("django.db.models.query.QuerySet.count", unreachable)
    assert [message.id for message in checks.check_no_demo_users()] == ["erp.I020"]
