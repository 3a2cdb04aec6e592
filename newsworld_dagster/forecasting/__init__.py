"""Claims, lint, ledger and the forecasters that need no language model."""

from __future__ import annotations

from newsworld_dagster.forecasting.desk import (
    FORECASTERS,
    DeskInput,
    DeskParameters,
    Edition,
    make_edition,
)
from newsworld_dagster.forecasting.ledger import LedgerFault, chain, verify
from newsworld_dagster.forecasting.lint import Finding, lint

__all__ = [
    "FORECASTERS",
    "DeskInput",
    "DeskParameters",
    "Edition",
    "Finding",
    "LedgerFault",
    "chain",
    "lint",
    "make_edition",
    "verify",
]
