"""What the command line shows: tables on stdout, progress and errors on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from newsworld_dagster.runs import Made

out = Console()
err = Console(stderr=True)


def print_made(made: Made) -> None:
    """What a world holds."""
    table = Table(title="What was made", title_justify="left", show_header=False)
    for name, value in vars(made).items():
        table.add_row(name.replace("_", " "), f"{value:,}")
    out.print(table)


def print_scorecard(document: dict[str, Any]) -> None:
    """Counts first, then the scores with their intervals."""
    rows = document["forecasters"]
    counts = ("forecaster", "made", "due", "scored", "void", "pending", "overdue", "early")
    print_records([{name: row[name] for name in counts} for row in rows])
    shown = [
        {
            "forecaster": row["forecaster"],
            "Brier": _with_interval(row, "brier"),
            "log score": _number(row["log_score"]),
            "skill over base-rate": _with_interval(row, "skill"),
            "miscalibration": _number(row["miscalibration"]),
            "discrimination": _number(row["discrimination"]),
        }
        for row in rows
    ]
    print_records(shown)


def print_records(records: list[dict[str, Any]]) -> None:
    """Records with the same names as a table."""
    if not records:
        out.print("nothing to show")
        return
    table = Table()
    for name in records[0]:
        table.add_column(
            name.replace("_", " "), justify="left" if name == "forecaster" else "right"
        )
    for record in records:
        table.add_row(
            *(
                _number(value) if isinstance(value, float) or value is None else str(value)
                for value in record.values()
            )
        )
    out.print(table)


def _with_interval(row: dict[str, Any], name: str) -> str:
    if row[name] is None:
        return "-"
    if row[f"{name}_low"] is None:
        return _number(row[name])
    return f"{row[name]:.3f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
