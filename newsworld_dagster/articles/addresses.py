"""Which addresses a fetch may connect to."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefusedError(OSError):
    """A host is, or resolves to, an address that we do not connect to."""


def networks(text: str) -> tuple[Network, ...]:
    """Networks from a comma-separated list such as '10.0.0.0/8, ::1'.

    Raises
    ------
    ValueError
        Naming the entry that is no network.
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(ipaddress.ip_network(part, strict=False))
        except ValueError as error:
            raise ValueError(
                f"{part!r} is no network: give addresses or networks such as 127.0.0.1 or "
                "10.0.0.0/8, separated by commas"
            ) from error
    return tuple(found)


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet, also inside of its IPv6 disguises."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is None and address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def check_address(host: str, address: str, allowed: Sequence[Network] = ()) -> None:
    """Refuse an address that is neither public nor in an allowed network.

    Raises
    ------
    AddressRefusedError
        Naming host and address.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if is_public(found) or any(found in network for network in allowed):
        return
    shown = address if host == address else f"{host} ({address})"
    raise AddressRefusedError(
        f"{shown} is a private, loopback, link-local or reserved address, which a feed may not "
        "lead to; if it is yours, allow its network by NEWSWORLD_FETCH_ALLOW"
    )


def check_url(url: str, allowed: Sequence[Network] = ()) -> str:
    """Refuse what is not http(s) or names a refused address; returns the host.

    A name is checked when it is resolved, by `GuardedResolver`.

    Raises
    ------
    AddressRefusedError
        When the host is an address that is refused.
    ValueError
        When the scheme is another or there is no host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"leads to an address that is not http or https: {url[:200]}")
    host = parts.hostname
    if not host:
        raise ValueError(f"leads to an address without a host: {url[:200]}")
    if host == "localhost":
        check_address(host, "127.0.0.1", allowed)
        return host
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    check_address(host, host, allowed)
    return host


def named_networks(url: str) -> tuple[Network, ...]:
    """The address that a URL names outright, or loopback for 'localhost'; nothing for a name."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return networks("127.0.0.0/8, ::1")
    try:
        return (ipaddress.ip_network(host),)
    except ValueError:
        return ()
