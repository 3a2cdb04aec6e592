"""Dagster's event log in SQLite, which takes in the days of a table in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dagster import DagsterInstance, EventLogEntry
from dagster._core.events import ASSET_EVENTS
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqlEventLogStorageTable, SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData


class AtOnceEventLogStorage(SqliteEventLogStorage):
    """The files are those of `SqliteEventLogStorage`, and what is in them is the same.

    A step over many days tells Dagster of each day of each table that it has made; Dagster hands
    these events over in batches (its setting DAGSTER_EVENT_BATCH_SIZE), which its storage in SQLite
    takes apart again.
    """

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> AtOnceEventLogStorage:
        """The storage of a configuration: its `base_dir`."""
        return cls(inst_data=inst_data, **config_value)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of assets of one run, all or none; others one by one."""
        run_id = events[0].run_id
        if any(e.run_id != run_id or e.dagster_event_type not in ASSET_EVENTS for e in events):
            super().store_event_batch(events)
            return
        table = SqlEventLogStorageTable
        rows = [self._event_to_row(event) for event in events]
        with self.run_connection(run_id) as connection:
            connection.execute(table.insert(), rows)
        # The index of all runs has them too, and of each asset the last one.
        with self.index_transaction() as connection:
            numbered = table.insert().returning(table.c.id, sort_by_parameter_order=True)
            ids: Sequence[int] = connection.execute(numbered, rows).scalars().all()
            self._store_asset_event_tags(connection, events, ids)
            last = {
                event.get_dagster_event().asset_key: place for place, event in enumerate(events)
            }
            for place in last.values():
                self._store_asset_event(connection, events[place], ids[place])


def instance_at_once(home: str) -> DagsterInstance:
    """The instance of a home with its history in SQLite, whose event log takes in batches whole."""
    where_dagster_has_it = str(Path(home, "history", "runs"))
    log = {
        "module": __name__,
        "class": AtOnceEventLogStorage.__name__,
        "config": {"base_dir": where_dagster_has_it},
    }
    return DagsterInstance.from_ref(
        InstanceRef.from_dir(home, overrides={"event_log_storage": log})
    )
