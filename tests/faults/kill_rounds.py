"""kill -9 in every step of a replay, then the same command again: are the tables the same?

Run as `python -m tests.faults.kill_rounds [--kills 50] [--seed 1] [--legs 3]`.

One world goes through a week of the bundled sample in legs of two: their articles are imported,
then they are replayed. In each leg the commands are killed a number of times, aimed at steps: at a
random moment of the step's usual length after it began. Then they may finish, and every table must
equal that of a world that was never disturbed. Every second kill takes the process alone and leaves
its children, such as dbt, to themselves; the others take all of them.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from tests.faults.victims import kill, victim

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample" / "articles.jsonl"
SCHEMAS = ("news", "embeddings", "stories", "forecasts", "outcomes", "scorecards", "marts")
# Told apart by when they ran, not by what they hold.
MOMENTS = {"rejected_at"}
# The first leg has a day more.
FIRST_DAY, LEG_DAYS = "2026-01-12", 2
IMPORT = "import"
BETWEEN = "between steps"
MARTS = "marts"
# Seconds after which a command counts as hung.
PATIENCE = 900.0
AIMS_AT_ONE = 2


def newsworld(*arguments: str) -> None:
    """The command, in this process."""
    from newsworld_dagster.cli import app

    app(list(arguments))


def fingerprint(file: Path) -> dict[str, tuple[int, str]]:
    """Rows and an order-free digest of every table that a run writes, of a DuckDB file."""
    found = {}
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() "
            f"WHERE schema_name IN {SCHEMAS} ORDER BY 1"
        ).fetchall()
        for (name,) in tables:
            columns = [
                f'"{column}"'
                for (column,) in connection.execute(
                    "SELECT column_name FROM duckdb_columns() "
                    "WHERE schema_name || '.' || table_name = ? ORDER BY column_index",
                    [name],
                ).fetchall()
                if column not in MOMENTS
            ]
            row = connection.execute(
                f"SELECT count(*), CAST(sum(hash(row({', '.join(columns)}))) AS VARCHAR) "
                f"FROM {name}"
            ).fetchone()
            assert row is not None
            found[name] = row
    return found


def differing(one: Path, other: Path) -> list[str]:
    """Tables of the warehouse and of the snapshot in which two worlds differ."""
    names = []
    for file in ("warehouse/newsworld.duckdb", "published/snapshot.duckdb"):
        first, second = fingerprint(one / file), fingerprint(other / file)
        names += [
            f"{file}: {name}"
            for name in sorted(first.keys() | second.keys())
            if first.get(name) != second.get(name)
        ]
    return names


def leftovers(world: Path) -> list[str]:
    """What killed runs left behind and no later run cleared away."""
    hidden = [path for path in (world / "published").glob(".*") if path.name != ".editions"]
    hidden += (world / "published" / "notebooks").glob(".*")
    return sorted(str(path.relative_to(world)) for path in hidden)


@dataclass
class Log:
    """The event log of the run that a world's newest command started, if it came so far."""

    world: Path
    known: set[Path] = field(init=False)

    def __post_init__(self) -> None:
        self.known = set(self._files())

    def _files(self) -> Iterator[Path]:
        folder = self.world / "dagster" / "history" / "runs"
        return (path for path in folder.glob("*.db") if path.name != "index.db")

    def events(self) -> list[tuple[str, str, str]]:
        """Time, kind and step of what was logged of the beginnings and ends of steps."""
        new = [path for path in self._files() if path not in self.known]
        if not new:
            return []
        try:
            with sqlite3.connect(new[0], timeout=5) as connection:
                return connection.execute(
                    "SELECT timestamp, dagster_event_type, step_key FROM event_logs "
                    "WHERE dagster_event_type IN ('STEP_START', 'STEP_SUCCESS') ORDER BY id"
                ).fetchall()
        except sqlite3.OperationalError:  # it is being made
            return []

    def begun(self) -> list[str]:
        return [step for _, kind, step in self.events() if kind == "STEP_START"]

    def at_work(self) -> str:
        """The step that began and did not end."""
        open_steps: list[str] = []
        for _, kind, step in self.events():
            if kind == "STEP_START":
                open_steps.append(step)
            else:
                open_steps.remove(step)
        return open_steps[0] if open_steps else BETWEEN

    def lengths(self) -> dict[str, float]:
        """Seconds that each step took, in the order of the run."""
        began: dict[str, float] = {}
        took: dict[str, float] = {}
        for moment, kind, step in self.events():
            seconds = time.mktime(time.strptime(moment[:19], "%Y-%m-%d %H:%M:%S"))
            seconds += float(f"0{moment[19:] or '.0'}")
            if kind == "STEP_START":
                began[step] = seconds
            else:
                took[step] = seconds - began[step]
        return took


@dataclass
class Rounds:
    """What became of the kills: where each landed, and what differed afterwards."""

    landed: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    missed: int = 0

    @property
    def kills(self) -> int:
        return self.landed.total()


def legs_of(folder: Path, number: int) -> list[tuple[str, str, Path]]:
    """First day, last day and file of articles of each leg."""
    by_day: dict[str, list[str]] = {}
    for line in SAMPLE.read_text(encoding="utf-8").splitlines():
        by_day.setdefault(str(json.loads(line)["first_seen_at"])[:10], []).append(line)
    days = [day for day in sorted(by_day) if day >= FIRST_DAY]
    ends = [LEG_DAYS + 1 + LEG_DAYS * leg for leg in range(number)]
    legs = []
    for start, end in zip([0, *ends], ends, strict=False):
        file = folder / f"{days[end - 1]}.jsonl"
        lines = [line for day in days[start:end] for line in by_day[day]]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        legs.append((days[start], days[end - 1], file))
    return legs


def finish(world: Path, *arguments: str) -> dict[str, float]:
    """Run a command to its end; returns the seconds of its steps.

    Raises
    ------
    RuntimeError
        When it failed or hung, with the end of what it said.
    """
    said, log = world.with_suffix(".txt"), Log(world)
    process = victim(newsworld, *arguments, said=said, world=world)
    process.join(PATIENCE)
    hung = process.is_alive()
    if hung:
        kill(process)
    if hung or process.exitcode != 0:
        words = said.read_text(errors="replace")[-2000:] if said.exists() else ""
        raise RuntimeError(f"{' '.join(arguments)} {'hung' if hung else 'failed'}: {words}")
    return log.lengths()


def kill_at(
    world: Path, step: str, seconds: float, *, group: bool, arguments: tuple[str, ...]
) -> str | None:
    """Kill a command so many seconds after a step of it began; the step in which it landed.

    None when the command ended before.
    """
    log, said = Log(world), world.with_suffix(".txt")
    process = victim(newsworld, *arguments, said=said, world=world)
    until = time.monotonic() + PATIENCE
    while step != IMPORT and process.is_alive() and step not in log.begun():
        if time.monotonic() > until:
            kill(process)
            raise RuntimeError(f"{' '.join(arguments)} hung before {step}")
        time.sleep(0.02)
    process.join(seconds)
    if not process.is_alive():
        return None
    kill(process, group=group)
    return IMPORT if step == IMPORT else log.at_work()


def rounds(number: int, seed: int, legs: int, tell: Callable[[str], None]) -> Rounds:
    """Kill at least `number` times, over as many legs, aiming at least once at every step."""
    chance, told = random.Random(seed), Rounds()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        reference, world = folder / "reference", folder / "world"
        aims: list[list[str]] = []
        for leg, (first, day, file) in enumerate(legs_of(folder, legs)):
            bring = (IMPORT, str(file))
            replay = ("backtest", "--from", first, "--to", day, "--warm-up-from", first)
            began = time.monotonic()
            finish(reference, *bring)
            usual = {IMPORT: time.monotonic() - began} | finish(reference, *replay)
            tell(f"{day}: undisturbed in {time.monotonic() - began:.0f} s")
            if not aims:
                aims = _dealt(list(usual), number, legs, chance)
            left = sorted(aims[leg], key=list(usual).index)
            if leg == legs - 1:  # and what an earlier leg aimed at and did not hit
                left += [step for step in usual if step not in {*told.landed, *left}]
                left.sort(key=list(usual).index)
            if IMPORT not in left:
                finish(world, *bring)
            for step in left:
                for _ in range(AIMS_AT_ONE):
                    group = chance.random() < 0.5
                    landed = kill_at(
                        world,
                        step,
                        chance.uniform(0.0, 0.9) * usual[step],
                        group=group,
                        arguments=bring if step == IMPORT else replay,
                    )
                    if landed is None:
                        told.missed += 1
                    else:
                        told.landed[landed] += 1
                        told.alone[landed] += not group
                        tell(f"{day}: aimed at {step}, killed in {landed}, group={group}")
                    if landed == step:
                        break
                if step == IMPORT:
                    finish(world, *bring)
            try:
                finish(world, *replay)
            except RuntimeError as error:
                told.wrong.append(f"{day}: the rerun {error}")
                break
            found = differing(reference, world)
            tell(f"{day}: {told.kills} kills, differing: {', '.join(found) or 'nothing'}")
            told.wrong += [f"{day}: {name} differs" for name in found]
        told.wrong += [f"left behind: {name}" for name in leftovers(world)]
    return told


def _dealt(steps: list[str], number: int, legs: int, chance: random.Random) -> list[list[str]]:
    """Steps to aim at in each leg: every step once, then those up to the marts again and again.

    What comes after the marts takes minutes to reach, and writes little.
    """
    deck = chance.sample(steps, len(steps))
    early = steps[: steps.index(MARTS) + 1]
    while len(deck) < number:
        deck += chance.sample(early, len(early))
    return [deck[leg : max(number, len(steps)) : legs] for leg in range(legs)]


def main() -> int:
    """Run the rounds and print where the kills landed and what differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--legs", type=int, default=3)
    given = parser.parse_args()

    def tell(text: str) -> None:
        sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")

    told = rounds(given.kills, given.seed, given.legs, tell)
    for step, count in told.landed.most_common():
        sys.stdout.write(f"{count:3} in {step}, {told.alone[step]} of them its process alone\n")
    sys.stdout.write(f"{told.kills} kills; {told.missed} came after the end of the command\n")
    sys.stdout.write("\n".join(told.wrong or ["every table identical, nothing left behind"]) + "\n")
    return bool(told.wrong)


if __name__ == "__main__":
    raise SystemExit(main())
