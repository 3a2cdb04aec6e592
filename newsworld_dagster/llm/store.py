"""Answers that were paid for, kept by the digest of their request. Also the form of a cassette."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from newsworld_dagster.contracts.asking import Usage

# Stops after which the answer is all that the model had to say.
WHOLE_STOPS = frozenset({"end_turn", "stop_sequence", "tool_use"})


@dataclass(frozen=True)
class Reply:
    """A message of the server that came to its end.

    Attributes
    ----------
    raw
        Input of the tool as JSON text, or the text if no tool was used.
    stop_reason
        Why it ended. Only with one of `WHOLE_STOPS` is the answer whole.
    detail
        What the server says about a refusal.
    """

    raw: str
    stop_reason: str
    model: str
    message_id: str
    usage: Usage = field(default_factory=Usage)
    detail: str = ""

    @property
    def whole(self) -> bool:
        """Whether the model said all that it had to say."""
        return self.stop_reason in WHOLE_STOPS


@dataclass(frozen=True)
class Stored:
    """A request, the reply to it and what it cost."""

    request_digest: str
    request: dict[str, Any]
    sample: int
    reply: Reply
    cost_usd: float
    seconds: float
    batch: bool = False

    def as_json(self) -> str:
        """Canonical JSON, indented to be read and compared; `whole` says what to make of it."""
        content = asdict(self)
        content["reply"]["whole"] = self.reply.whole
        return json.dumps(content, sort_keys=True, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Stored:
        """The reverse of `as_json`."""
        content = json.loads(text)
        reply = content.pop("reply")
        del reply["whole"]
        usage = Usage(**reply.pop("usage"))
        return cls(reply=Reply(usage=usage, **reply), **content)


@dataclass(frozen=True)
class OpenBatch:
    """A batch that was submitted and whose results were not collected yet."""

    batch_id: str
    request_digests: tuple[str, ...]


class StoreError(ValueError):
    """A stored answer that cannot be read."""


class ResponseStore(Protocol):
    """Where replies are kept, so that no request is paid for twice.

    Batches are noted when they are submitted, so that a run that ends early is taken up where
    it stopped.
    """

    def get(self, request_digest: str) -> Stored | None:
        """The reply to a request, if it was ever given."""

    def put(self, stored: Stored) -> None:
        """Keep a reply; a digest that is already there stays as it is."""

    def open_batches(self) -> Sequence[OpenBatch]:
        """Batches that were not collected yet."""

    def open_batch(self, batch: OpenBatch) -> None:
        """Note a batch that was submitted."""

    def close_batch(self, batch_id: str) -> None:
        """Note that the results of a batch were collected."""


class MemoryStore:
    """Keeps replies as long as the process lives."""

    def __init__(self) -> None:
        self._replies: dict[str, Stored] = {}
        self._batches: dict[str, OpenBatch] = {}

    def get(self, request_digest: str) -> Stored | None:
        """The reply to a request, if there is one."""
        return self._replies.get(request_digest)

    def put(self, stored: Stored) -> None:
        """Keep a reply that is new."""
        self._replies.setdefault(stored.request_digest, stored)

    def open_batches(self) -> Sequence[OpenBatch]:
        """Batches that were not collected yet."""
        return list(self._batches.values())

    def open_batch(self, batch: OpenBatch) -> None:
        """Note a batch."""
        self._batches[batch.batch_id] = batch

    def close_batch(self, batch_id: str) -> None:
        """Forget a batch."""
        self._batches.pop(batch_id, None)


class FolderStore:
    """Keeps each reply in a file of its own, DIGEST.json, and so each open batch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, request_digest: str) -> Stored | None:
        """The reply to a request, if there is one."""
        file = self._file(request_digest)
        if not file.is_file():
            return None
        try:
            return Stored.from_json(file.read_text(encoding="utf-8"))
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{file} is not a stored answer: {error}. Delete it, and the answer will be asked "
                "and paid for again."
            ) from error

    def put(self, stored: Stored) -> None:
        """Keep a reply that is new."""
        file = self._file(stored.request_digest)
        if not file.exists():
            _write(file, stored.as_json())

    def open_batches(self) -> Sequence[OpenBatch]:
        """Batches that were not collected yet."""
        noted = [
            file.read_text(encoding="utf-8").splitlines()
            for file in sorted(self.folder.glob("*.batch"))
        ]
        return [OpenBatch(lines[0], tuple(lines[1:])) for lines in noted]

    def open_batch(self, batch: OpenBatch) -> None:
        """Note a batch."""
        _write(self._note(batch.batch_id), "\n".join([batch.batch_id, *batch.request_digests]))

    def close_batch(self, batch_id: str) -> None:
        """Forget a batch."""
        self._note(batch_id).unlink(missing_ok=True)

    def _note(self, batch_id: str) -> Path:
        # The server chose the id; it must not choose a path.
        return self.folder / f"{hashlib.sha256(batch_id.encode()).hexdigest()[:24]}.batch"

    def _file(self, request_digest: str) -> Path:
        return self.folder / f"{request_digest}.json"


def _write(file: Path, text: str) -> None:
    """Write whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(file)
