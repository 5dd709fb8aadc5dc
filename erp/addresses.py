"""The address that a request comes from, in one spelling: for rate limits, history and sessions alike."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

# "192.0.2.7:4711", "[2001:db8::7]" and "[2001:db8::7]:4711": some proxies add the port.
WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")


def client_address(request: HttpRequest) -> str:
    """Address of the client; empty if the server names no peer, as on a socket file.

    Hops of X-Forwarded-For count from the right, and only past addresses in `settings.TRUSTED_PROXIES`: what a client
    writes into the header itself stands to the left of what our proxies add, and is not reached.
    """
    address = _parse(request.META.get("REMOTE_ADDR", ""))
    hops = request.headers.get("x-forwarded-for", "").split(",")
    while address and hops and _is_in(address, tuple(settings.TRUSTED_PROXIES)):
        hop = _parse(hops.pop())
        if hop is None:
            break
        address = hop
    return str(address or "")


def block_of(address: str) -> str:
    """What rate limits count as one caller: an IPv4 address, or the /64 network that an IPv6 subscriber owns."""
    if ":" not in address:
        return address
    return str(IPv6Network(f"{address}/64", strict=False).network_address)


@lru_cache(maxsize=10_000)
def _is_in(address: IPv4Address | IPv6Address, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return any(address in network for network in networks)


@lru_cache(maxsize=10_000)
def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """The address without port, zone and IPv4-in-IPv6 wrapping (::ffff:192.0.2.7); None if it is none."""
    text = text.strip()
    if match := WITH_PORT.fullmatch(text):
        text = match[1] or match[2]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
