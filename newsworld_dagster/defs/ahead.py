"""Days that processes of their own make ahead of a run that replays many.

The steps of a run follow one another, but a step's day needs of the steps before it only the days
up to its own. So each lane makes one step's days in a process with a copy of the warehouse: it
takes over what the lanes before it have written for a day, makes the day by the same code as the
run, and leaves what it wrote in a folder. The run writes that to the warehouse in place of making
it. Whatever goes wrong with a lane, the run makes the days itself.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pandas as pd
import psutil

from newsworld_dagster.warehouse import Reader, Warehouse, Writer
from newsworld_dagster.warehouse.recording import Write, copy_file, write_again

PATIENCE = 0.01
# What a lane's copy grows by is small against what it begins with.
ROOM = 1.5
# Memory that a lane comes to take, and the run behind them: 1 to 2 GiB at 250 articles a day.
MEMORY_OF_ONE = 3 << 29
# Where Linux tells what a container may take and has taken, of its second and first kind of groups.
CONTROL_GROUPS = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current"),
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.usage_in_bytes"),
)
# Days that the run waits for before it writes any of them, and bytes that it writes at once: a
# transaction a day would take as long as some days take to be made.
AT_ONCE = 10
MOST_BYTES = 32_000_000


@dataclass(frozen=True)
class Packet:
    """What a day of a step wrote, and how many rows some tables had before."""

    found: Mapping[str, int]
    written: Sequence[Write]

    @property
    def size(self) -> int:
        """Bytes of what was written."""
        return sum(write.rows.nbytes for write in self.written)


@dataclass(frozen=True)
class Lane:
    """Steps whose days one process makes.

    Attributes
    ----------
    steps
        Their names, in the order in which they make a day.
    after
        The steps of other lanes whose days come before.
    behind
        How many lanes come after it. It gives way to them where cores are few: they wait for its
        days anyway, and the last of them would else have the most left over when it ends.
    """

    steps: tuple[str, ...]
    after: tuple[str, ...]
    behind: int = 0


class Spool:
    """A folder with a packet a step and day."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, step: str, day: pd.Timestamp, packet: Packet) -> None:
        """Leave a packet; it is there whole or not at all."""
        path = self._path(step, day)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".fresh")
        fresh.write_bytes(pickle.dumps(packet, protocol=pickle.HIGHEST_PROTOCOL))
        fresh.replace(path)

    def get(self, step: str, day: pd.Timestamp, still_made: Callable[[], bool]) -> Packet | None:
        """Wait for a packet; None when it is not there and nobody makes it any more."""
        path = self._path(step, day)
        while True:
            made = still_made()  # asked first: the last packet is put just before the end
            if path.exists():
                packet: Packet = pickle.loads(path.read_bytes())  # noqa: S301  (our own file)
                return packet
            if not made:
                return None
            time.sleep(PATIENCE)

    def take(
        self,
        step: str,
        days: Sequence[pd.Timestamp],
        still_made: Callable[[], bool],
        least: int = 1,
    ) -> list[Packet]:
        """The packets of the first of some days.

        `least` of them are waited for; the others are those at hand. Fewer where nobody makes them
        any more, and none behind the one that reaches `MOST_BYTES`.
        """
        taken: list[Packet] = []
        size = 0
        for number, day in enumerate(days):
            packet = self.get(step, day, still_made if number < least else _nobody)
            if packet is None:
                break
            taken.append(packet)
            size += packet.size
            if size >= MOST_BYTES:
                break
        return taken

    def _path(self, step: str, day: pd.Timestamp) -> Path:
        return self.folder / step / f"{day:%Y-%m-%d}.packet"


def memory_at_hand() -> int:
    """Bytes that processes may still take: of the machine's, and of the container's if it is bound.

    psutil knows the machine alone; what goes beyond a container's bound is killed.
    """
    free = psutil.virtual_memory().available
    for folder, bound, used in CONTROL_GROUPS:
        try:
            left = int((folder / bound).read_text()) - int((folder / used).read_text())
            told = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        except (OSError, ValueError):
            continue  # no group of that kind, or one without a bound
        # The cache of files counts as used, and gives way.
        cache = told.get("total_inactive_file") or told.get("inactive_file") or 0
        return min(free, left + int(cache))
    return free


class Ahead:
    """The lanes of a run.

    Parameters
    ----------
    folder
        For their copies of the warehouse and their packets; what is in it goes.
    progress
        Told when a lane ends before its time.
    """

    def __init__(self, folder: Path, progress: Callable[[str], None]) -> None:
        self.folder, self.progress = folder, progress
        self.spool = Spool(folder / "packets")
        self._process_of: dict[str, BaseProcess] = {}
        shutil.rmtree(folder, ignore_errors=True)

    def start(
        self,
        warehouse: Warehouse,
        lanes: Sequence[Lane],
        work: Callable[[Lane, Path, Spool], None],
    ) -> None:
        """Begin the lanes, unless the disk has no room for their copies or the memory for them.

        Parameters
        ----------
        work
            Makes a lane's days; picklable. Given the lane, its copy of the warehouse and where
            packets go.
        """
        self.folder.mkdir(parents=True)
        disk = int(ROOM * len(lanes) * warehouse.size()), shutil.disk_usage(self.folder).free
        memory = MEMORY_OF_ONE * (len(lanes) + 1), memory_at_hand()
        for what, (needed, free) in {"disk": disk, "memory": memory}.items():
            if free < needed:
                self.progress(
                    f"days are not made ahead: that takes {needed:,} bytes of {what}, "
                    f"{free:,} are free"
                )
                return
        spawn = multiprocessing.get_context("spawn")
        for lane in lanes:
            copy = self.folder / lane.steps[0] / warehouse.path.name
            copy_file(warehouse, copy)
            process = spawn.Process(target=work, args=(lane, copy, self.spool), daemon=True)
            process.start()
            self._process_of |= dict.fromkeys(lane.steps, process)

    def write(self, step: str, days: Sequence[pd.Timestamp], warehouse: Warehouse) -> int:
        """Write what a lane has made for the first of some days, in one transaction.

        Returns how many days it wrote; 0 where the run is to make the first itself. That is so
        where no lane makes the step, where it failed, and where the warehouse is no longer as the
        lane knew it: someone imported articles or gave a verdict meanwhile.
        """
        process = self._process_of.get(step)
        if process is None:
            return 0
        packets = self.spool.take(step, days, process.is_alive, AT_ONCE)
        if not packets:
            self._leave(f"the process that made {step} ahead ended before {days[0]:%Y-%m-%d}")
            return 0
        # The first tells of all: nobody else writes between them.
        found = packets[0].found
        with warehouse.write() as writer:
            same = rows_in(writer, found) == found
            if same:
                take_over(writer, packets)
        if not same:
            self._leave(
                f"the warehouse has changed since {step} of {days[0]:%Y-%m-%d} was made ahead"
            )
            return 0
        return len(packets)

    def _leave(self, why: str) -> None:
        self.progress(f"{why}; the run makes the rest itself")
        self.close()

    def close(self) -> None:
        """End what is still at work and remove what it left."""
        processes = set(self._process_of.values())
        self._process_of = {}
        for process in processes:
            process.kill()
        for process in processes:
            process.join()
        shutil.rmtree(self.folder, ignore_errors=True)


def rows_in(reader: Reader, tables: Iterable[str]) -> dict[str, int]:
    """How many rows some tables have."""
    return {table: reader.count(table) for table in tables}


def take_over(writer: Writer, packets: Sequence[Packet]) -> None:
    """Write what some packets of one step hold."""
    write_again(writer, (write for packet in packets for write in packet.written))


def parent_lives() -> bool:
    """Whether the process that began this one is still there: without it a lane is of no use."""
    parent = multiprocessing.parent_process()
    return parent is not None and parent.is_alive() and os.getppid() == parent.pid


def _nobody() -> bool:
    return False
