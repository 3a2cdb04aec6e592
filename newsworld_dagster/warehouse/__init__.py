"""Connections, migrations, as-of reads, transactional writes and snapshots."""

from __future__ import annotations

from newsworld_dagster.warehouse.asof import Reader
from newsworld_dagster.warehouse.migrate import MigrationError
from newsworld_dagster.warehouse.snapshot import Snapshot, open_snapshot, publish_snapshot
from newsworld_dagster.warehouse.store import (
    APPEND_ONLY,
    Warehouse,
    WarehouseFullError,
    WarehouseLockedError,
    WarehouseMissingError,
    Writer,
    world_span,
)

__all__ = [
    "APPEND_ONLY",
    "MigrationError",
    "Reader",
    "Snapshot",
    "Warehouse",
    "WarehouseFullError",
    "WarehouseLockedError",
    "WarehouseMissingError",
    "Writer",
    "open_snapshot",
    "publish_snapshot",
    "world_span",
]
