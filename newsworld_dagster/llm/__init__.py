"""The language model: a client for any server that speaks the Messages API.

Importing this room does not import the SDK, which takes seconds; `connect` does.
"""

from __future__ import annotations

from newsworld_dagster.llm.batches import BatchClient, BatchPolicy
from newsworld_dagster.llm.budget import Budget
from newsworld_dagster.llm.client import Client, Terms
from newsworld_dagster.llm.connecting import connect
from newsworld_dagster.llm.dry_run import DryRun, Planned
from newsworld_dagster.llm.prices import Price
from newsworld_dagster.llm.replay import CassetteMissError, ReplayWire, cassettes
from newsworld_dagster.llm.store import (
    FolderStore,
    MemoryStore,
    OpenBatch,
    Reply,
    ResponseStore,
    Stored,
)
from newsworld_dagster.llm.wire import Limits, WireError

__all__ = [
    "BatchClient",
    "BatchPolicy",
    "Budget",
    "CassetteMissError",
    "Client",
    "DryRun",
    "FolderStore",
    "Limits",
    "MemoryStore",
    "OpenBatch",
    "Planned",
    "Price",
    "ReplayWire",
    "Reply",
    "ResponseStore",
    "Stored",
    "Terms",
    "WireError",
    "cassettes",
    "connect",
]
