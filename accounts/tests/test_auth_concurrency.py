"""One refresh token used by six at the same time: real connections, real commits."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections

from accounts.models import AuthSession
from accounts.tests.signin import Program, events_of, signed_in
from erp.scoping import ScopedQuerySet

pytestmark = pytest.mark.django_db(transaction=True)

SIX = 6


def together(act):
    """Results of six threads that start at the same moment, each with a connection of its own."""
    barrier = Barrier(SIX)

    def run(number):
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(SIX) as threads:
        return list(threads.map(run, range(SIX)))


def test_six_refreshes_of_one_token_leave_no_second_live_chain(internal_user):
    token = signed_in(internal_user("viewer")).refresh_token
    programs = [Program() for _ in range(SIX)]
    answers = together(lambda number: programs[number].refresh(token))

    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200] + [401] * 5
    assert AuthSession.objects.get().revoke_reason == "reuse"
    for program in programs:
        if program.refresh_token:
            assert program.refresh().status_code == 401
            assert program.get("me").status_code == 401


def test_without_the_lock_this_load_would_let_several_win(internal_user, monkeypatch):
    """The control: the same requests against a session that is read without its lock."""
    token = signed_in(internal_user("viewer")).refresh_token
    read, original = Barrier(SIX), AuthSession.save

    def save_after_all_have_read(self, *args, **kwargs):
        read.wait(timeout=30)
        original(self, *args, **kwargs)

    monkeypatch.setattr(ScopedQuerySet, "select_for_update", lambda self, *_, **__: self.all())
    monkeypatch.setattr(AuthSession, "save", save_after_all_have_read)
    answers = together(lambda _: Program().refresh(token))
    assert [answer.status_code for answer in answers] == [200] * SIX


def test_end_by_reuse_is_committed_although_the_request_is_refused(internal_user):
    program = signed_in(internal_user("viewer"))
    stolen = program.refresh_token
    program.refresh()
    assert Program().refresh(stolen).status_code == 401
    connection.close()  # what this connection had not committed would be gone
    assert AuthSession.objects.get().revoke_reason == "reuse"


def test_failed_login_is_recorded_although_the_request_is_refused(internal_user):
    user = internal_user("viewer")
    assert Program().login(user, "wrong").status_code == 401
    connection.close()
    assert len(events_of(user, "user.login.failed")) == 1


def test_logout_and_refresh_at_once_leave_nothing_open(internal_user):
    program = signed_in(internal_user("viewer"))
    access, token = program.access, program.refresh_token

    def act(number):
        one = Program()
        if number % 2:
            return one.refresh(token)
        one.access = access
        return one.post("logout")

    together(act)
    assert not AuthSession.objects.get().is_open
