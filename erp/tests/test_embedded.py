"""The server from the wheel: shared, stopped by the last process that used it, and hard to break."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from erp import embedded

HOLD = """
import sys
from pathlib import Path
from erp import embedded
embedded.start(Path(sys.argv[1]))
print("started", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder():
    """Not tmp_path: pytest closes that to the user that runs PostgreSQL when the tests run as root."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def data(folder):
    """A data directory in a place that needs quoting; its server stops after the test."""
    place = folder / "Asha's house, first floor" / "postgres"
    yield place
    embedded.stop(place)


@pytest.fixture
def other_process(data):
    """`other_process()` starts one more process that uses the server; it leaves when its input is closed."""
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout.readline() == "started\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def ask(socket, question="SELECT current_database()"):
    with psycopg.connect(host=str(socket), user=embedded.USER, dbname=embedded.DATABASE) as connection:
        return connection.execute(question).fetchone()[0]


def postmaster(data):
    return int((data / "postmaster.pid").read_text().split()[0])


def is_running(data):
    return (data / "postmaster.pid").exists()


def test_start_makes_the_database_and_listens_on_a_socket_only(data):
    socket = embedded.start(data)
    assert ask(socket) == "cotton"
    assert ask(socket, "SHOW listen_addresses") == ""
    assert ask(socket, "SELECT upper('é')") == "É"


def test_second_start_uses_the_running_server(data):
    socket = embedded.start(data)
    process = postmaster(data)
    assert embedded.start(data) == socket
    assert postmaster(data) == process


def test_options_hold_for_the_server(data):
    assert ask(embedded.start(data, options={"fsync": "off", "max_connections": "12"}), "SHOW max_connections") == "12"


def test_stop_by_one_of_two_processes_leaves_the_server_to_the_other(data, other_process):
    socket = embedded.start(data)
    other = other_process()
    embedded.stop(data)
    assert ask(socket) == "cotton"
    other.communicate("")
    assert not is_running(data)


def test_killed_process_does_not_hold_the_server(data, other_process):
    embedded.start(data)
    other = other_process()
    other.send_signal(signal.SIGKILL)
    other.wait()
    embedded.stop(data)
    assert not is_running(data)


def test_killed_server_is_started_again_with_its_data(data):
    socket = embedded.start(data)
    with psycopg.connect(host=socket, user=embedded.USER, dbname=embedded.DATABASE) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(postmaster(data), signal.SIGKILL)
    assert ask(embedded.start(data), "SELECT answer FROM kept") == 42


def test_process_id_of_another_program_is_no_server(data):
    embedded.start(data)
    lines = (data / "postmaster.pid").read_text().splitlines()
    embedded.stop(data)
    (data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert ask(embedded.start(data)) == "cotton"


def test_locks_of_a_dead_server_hold_up_no_start_when_its_process_id_still_lives(folder):
    data = folder / "postgres"  # a short path: the socket and its lock are among the data
    embedded.start(data)
    lines = (data / "postmaster.pid").read_text().splitlines()
    embedded.stop(data)
    # PostgreSQL takes only processes of its own user for a server.
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, user=data.stat().st_uid) as other:
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (data / name).write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        try:
            assert ask(embedded.start(data)) == "cotton"
        finally:
            embedded.stop(data)
            other.kill()


def test_interrupted_first_start_is_begun_again(data):
    unfinished = data.with_name("postgres.new")
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    assert ask(embedded.start(data)) == "cotton"


def test_long_path_gets_a_short_socket(folder):
    data = folder / ("long" * 30) / "postgres"
    socket = Path(embedded.start(data))
    assert ask(socket) == "cotton"
    assert socket != data
    embedded.stop(data)
    assert not socket.exists()


def test_data_of_another_version_is_refused_with_the_log(data):
    embedded.start(data)
    embedded.stop(data)
    (data / "PG_VERSION").write_text("14\n")
    with pytest.raises(embedded.EmbeddedServerError, match="initialized by PostgreSQL version 14"):
        embedded.start(data)
