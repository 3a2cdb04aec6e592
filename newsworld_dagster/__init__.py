"""NewsWorld: a predictive news desk that keeps score of itself.

One import for notebooks; each part is loaded when it is first used:

>>> import newsworld_dagster as nw
>>> world = nw.open_snapshot()  # doctest: +SKIP
>>> world.claims("coverage")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newsworld_dagster.backtesting import Known, backtest, with_record
    from newsworld_dagster.misses import to_read, worst_misses
    from newsworld_dagster.scoring import paired_comparison, score_external, scorecard
    from newsworld_dagster.verdictdesk import open_cases, write_cases
    from newsworld_dagster.warehouse import Snapshot, open_snapshot

_FOUND_IN = {
    "Known": "backtesting",
    "Snapshot": "warehouse",
    "backtest": "backtesting",
    "open_cases": "verdictdesk",
    "open_snapshot": "warehouse",
    "paired_comparison": "scoring",
    "score_external": "scoring",
    "scorecard": "scoring",
    "to_read": "misses",
    "with_record": "backtesting",
    "worst_misses": "misses",
    "write_cases": "verdictdesk",
}

__all__ = [
    "Known",
    "Snapshot",
    "backtest",
    "open_cases",
    "open_snapshot",
    "paired_comparison",
    "score_external",
    "scorecard",
    "to_read",
    "with_record",
    "worst_misses",
    "write_cases",
]


def __getattr__(name: str) -> Any:
    if name not in _FOUND_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_FOUND_IN[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
