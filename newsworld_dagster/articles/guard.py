"""Names to addresses, with the addresses checked before anyone connects to them."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from newsworld_dagster.articles.addresses import Network, check_address


class GuardedResolver(AbstractResolver):
    """Resolves names and refuses those that lead to a refused address.

    The connector connects to the addresses that it is given here, so that a name cannot answer
    with another one in between. One bad address condemns a name: it has no business among good
    ones.
    """

    def __init__(self, allowed: Sequence[Network] = (), under: AbstractResolver | None = None):
        self.allowed = tuple(allowed)
        self.under = under or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of a host, all checked."""
        found = await self.under.resolve(host, port, family)
        if host == "localhost":
            return found  # `check_url` has judged it, feed by feed
        for answer in found:
            check_address(host, answer["host"], self.allowed)
        return found

    async def close(self) -> None:
        """Nothing is held."""
        await self.under.close()
