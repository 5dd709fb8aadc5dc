"""Whose address a request has."""

from __future__ import annotations

import os
import subprocess
import sys
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django_ratelimit.core import _get_ip

from erp import context
from erp.addresses import block_of, client_address
from erp.middleware import RequestContextMiddleware


def request(peer: str, forwarded: str | None = None) -> HttpRequest:
    extra = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return RequestFactory().get("/", REMOTE_ADDR=peer, **extra)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        # Nobody in front: what the header says doesn't matter.
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        # Our proxies: the first hop from the right that is none of ours.
        ("10.0.0.10", None, "10.0.0.10"),
        ("10.0.0.10", "", "10.0.0.10"),
        ("10.0.0.10", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.10", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.10", "1.1.1.1,198.51.100.7 ,10.0.0.11", "198.51.100.7"),
        ("10.0.0.10", "10.0.0.12, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.10", "10.0.0.12, 10.0.0.11", "10.0.0.12"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        # What isn't an address ends the walk at the last hop that is one.
        ("10.0.0.10", "198.51.100.7, unknown", "10.0.0.10"),
        ("10.0.0.10", "'; DROP TABLE x, 10.0.0.11", "10.0.0.11"),
        ("10.0.0.10", "198.51.100.7, , 10.0.0.11", "10.0.0.11"),
        # One spelling each.
        ("::ffff:192.0.2.1", None, "192.0.2.1"),
        ("::FFFF:10.0.0.10", "::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:DB8:0:0::7", None, "2001:db8::7"),
        ("fe80::1%eth0", None, "fe80::1"),
        ("10.0.0.10", "198.51.100.7:4711", "198.51.100.7"),
        ("10.0.0.10", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.10", "[2001:db8::7]", "2001:db8::7"),
        # A server on a socket file names no peer.
        ("", "198.51.100.7", ""),
        ("unix:", None, ""),
    ],
)
def test_client_address(peer: str, forwarded: str | None, expected: str, settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/24"), ip_network("fd00::/8")]
    assert client_address(request(peer, forwarded)) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::", "2001:db8:1:2::"),
        ("", ""),
    ],
)
def test_ipv6_counts_by_64(address: str, expected: str) -> None:
    assert block_of(address) == expected


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8:1:2:3:4:5:6", "::1"])
def test_blocks_are_those_of_django_ratelimit(address: str) -> None:
    assert block_of(address) == _get_ip(request(address))


def test_history_names_the_same_address(settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/24")]
    seen = []

    def answer(_: HttpRequest) -> HttpResponse:
        seen.append(context.current().ip)
        return HttpResponse()

    RequestContextMiddleware(answer)(request("10.0.0.10", "203.0.113.9, ::ffff:198.51.100.7"))
    assert seen == ["198.51.100.7"]


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        (
            "TRUSTED_PROXIES",
            "10.0.0.10/8",
            "TRUSTED_PROXIES: 10.0.0.10/8 has host bits set. Give addresses or networks",
        ),
        (
            "TRUSTED_PROXIES",
            "10.0.0.10, proxy",
            "TRUSTED_PROXIES: 'proxy' does not appear to be an IPv4 or IPv6 network.",
        ),
        ("RATE_LIMITS", "off", "RATE_LIMITS is 'off': set tier, or tier+default."),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence(variable: str, value: str, sentence: str) -> None:
    start = [sys.executable, "-c", "import erp.settings"]
    environment = {**os.environ, variable: value}
    done = subprocess.run(
        start, cwd=django_settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert sentence in done.stderr
