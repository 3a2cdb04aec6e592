"""Connections, migrations, as-of reads, transactional writes and snapshots."""

from __future__ import annotations

from newsworld_dagster.warehouse.asof import Reader
from newsworld_dagster.warehouse.asof_record import RecordEnd
from newsworld_dagster.warehouse.backup import BackupError, back_up, opened_copy, put_back
from newsworld_dagster.warehouse.compaction import CompactionError
from newsworld_dagster.warehouse.lake import Lake, LakeError
from newsworld_dagster.warehouse.migrate import MigrationError
from newsworld_dagster.warehouse.s3 import S3
from newsworld_dagster.warehouse.snapshot import Snapshot, open_snapshot, publish_snapshot
from newsworld_dagster.warehouse.store import (
    Warehouse,
    WarehouseFullError,
    WarehouseLockedError,
    WarehouseMissingError,
)
from newsworld_dagster.warehouse.texts import TextMemory
from newsworld_dagster.warehouse.vectors import VectorMemory
from newsworld_dagster.warehouse.writing import APPEND_ONLY, Writer

__all__ = [
    "APPEND_ONLY",
    "S3",
    "BackupError",
    "CompactionError",
    "Lake",
    "LakeError",
    "MigrationError",
    "Reader",
    "RecordEnd",
    "Snapshot",
    "TextMemory",
    "VectorMemory",
    "Warehouse",
    "WarehouseFullError",
    "WarehouseLockedError",
    "WarehouseMissingError",
    "Writer",
    "back_up",
    "open_snapshot",
    "opened_copy",
    "publish_snapshot",
    "put_back",
]
