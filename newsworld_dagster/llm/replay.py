"""Cassettes: answers recorded in a folder, and a wire that can do nothing but miss them.

To record, give a client a `FolderStore` beside a real wire. To replay, give it the same folder
beside a `ReplayWire`: what was recorded is answered from the folder, anything else is an error.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

from newsworld_dagster.llm.store import FolderStore, Reply, Stored


class CassetteMissError(LookupError):
    """A request that no cassette of the folder answers."""


class ReplayWire:
    """Refuses every request and says how it differs from the nearest recorded one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def send(self, body: dict[str, Any]) -> Reply:
        """Raise: what is recorded never comes here."""
        recorded = [
            Stored.from_json(file.read_text(encoding="utf-8")).request
            for file in sorted(self.folder.glob("*.json"))
        ]
        if not recorded:
            raise CassetteMissError(
                f"There is no cassette in {self.folder}. Record the requests against a server "
                f"first, with FolderStore({str(self.folder)!r}) as the store."
            )
        wanted = _lines(body)
        nearest = max(recorded, key=lambda one: _likeness(_lines(one), wanted))
        changes = "\n".join(difflib.unified_diff(_lines(nearest), wanted, "recorded", "sent", n=0))
        raise CassetteMissError(
            f"No cassette in {self.folder} answers this request. Against the nearest one it "
            f"differs in:\n{changes[:2000]}\nRecord it anew, or undo the change of the prompt."
        )

    async def count(self, body: dict[str, Any]) -> int | None:  # noqa: ARG002 - the protocol's
        """Nothing to count with."""
        return None


def cassettes(folder: Path) -> dict[str, Stored]:
    """What a folder holds, by the digest of the request."""
    store = FolderStore(folder)
    names = (file.stem for file in sorted(folder.glob("*.json")))
    return {name: stored for name in names if (stored := store.get(name)) is not None}


def _lines(body: dict[str, Any]) -> list[str]:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, indent=1).splitlines()


def _likeness(one: list[str], other: list[str]) -> int:
    return len(set(one) & set(other))
