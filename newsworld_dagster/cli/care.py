"""Care of a world: doctor, backup, restore, prune."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from newsworld_dagster.cli.common import (
    AsJson,
    CommandError,
    failing_plainly,
    open_world,
    print_json,
    progress,
)
from newsworld_dagster.cli.terminal import out

app = typer.Typer()
COLOURS = {"good": "green", "warning": "yellow", "bad": "red"}
Force = Annotated[bool, typer.Option("--force", help="Replace what is there")]


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at everything a person would; exit code 1 when something is bad."""
    from newsworld_dagster.defs.looks import BAD
    from newsworld_dagster.doctor import examine

    with failing_plainly():
        findings = examine(open_world())
        bad = sum(finding.state == BAD for finding in findings)
        if as_json:
            print_json({"healthy": not bad, "findings": [vars(finding) for finding in findings]})
        else:
            for finding in findings:
                out.print(
                    f"{finding.state:8}{finding.name}: {finding.said}",
                    style=COLOURS[finding.state],
                    markup=False,
                    highlight=False,
                )
                if finding.do:
                    out.print(f"{'':8}{finding.do}", markup=False, highlight=False)
        if bad:
            raise typer.Exit(1)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where the copy goes")], force: Force = False
) -> None:
    """Copy the warehouse, also while it is in use; the copy is verified before it counts."""
    from newsworld_dagster.defs.signing import first_fault
    from newsworld_dagster.warehouse import back_up, opened_copy

    with failing_plainly():
        rows = back_up(open_world().warehouse, file, force=force)
        with opened_copy(file) as reader:
            fault = first_fault(reader)
        out.print(f"{file}: {len(rows)} tables, {sum(rows.values())} rows", highlight=False)
        if fault is not None:
            raise CommandError(
                f"The copy is true to the warehouse, but the ledger in both is broken at row "
                f"{fault.seq}: {fault.reason}. Keep your older backups."
            )


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="A backup")], force: Force = False) -> None:
    """Put a backup in the place of the warehouse; its ledger is verified first."""
    from newsworld_dagster.defs.signing import first_fault
    from newsworld_dagster.runsafety import run_turn
    from newsworld_dagster.warehouse import opened_copy, put_back
    from newsworld_dagster.warehouse.migrate import pending
    from newsworld_dagster.warehouse.store import set_aside

    with failing_plainly():
        world = open_world()
        with opened_copy(file) as reader:
            # The heads of older backups come with the migrations; their chain is checked below.
            fault = None if pending(reader.connection) else first_fault(reader)
        if fault is not None:
            raise CommandError(
                f"{file} was not restored: its ledger is broken at row {fault.seq}: "
                f"{fault.reason}. Try an older backup."
            )
        with run_turn(world.settings, progress):
            old = put_back(world.warehouse, file, force=force)
            snapshot = world.settings.snapshot_file
            if snapshot.exists():  # it shows what is no longer there
                set_aside(snapshot, "before-restore")
        with world.warehouse.read() as reader:
            fault = first_fault(reader)
            claims = reader.count("forecasts.claims")
        if fault is not None:
            raise CommandError(
                f"{file} was restored, but its ledger is broken at row {fault.seq}: "
                f"{fault.reason}. Try an older backup."
            )
        out.print(f"{file} restored, {claims} claims as written", highlight=False)
        if old is not None:
            out.print(f"the warehouse that was there is kept as {old}", highlight=False)


@app.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say it and remove nothing")] = False,
    as_json: AsJson = False,
) -> None:
    """Let go of what the settings NEWSWORLD_KEEP_* do not keep; never of claims or verdicts."""
    from newsworld_dagster.defs.pruning import prune as let_go
    from newsworld_dagster.runs import dagster_instance
    from newsworld_dagster.runsafety import run_turn

    with failing_plainly():
        world = open_world()
        # Only to look, nobody has to wait for a run to end.
        turn = nullcontext() if dry_run else run_turn(world.settings, progress)
        with turn, dagster_instance(world.settings) as instance:
            found = let_go(world, instance, dry_run=dry_run)
        if as_json:
            print_json({"dry_run": dry_run, "pruned": [vars(one) for one in found]})
            return
        for one in found:
            size = "" if one.bytes is None else f", {one.bytes:,} bytes"
            out.print(
                f"{one.name}: {one.count:,}{size} ({one.said})", markup=False, highlight=False
            )
        out.print("nothing was removed (--dry-run)" if dry_run else "done", highlight=False)
