"""Claims, lint, ledger and the forecasters that need no language model."""

from __future__ import annotations

from newsworld_dagster.forecasting.claims import Claim, compile_claim
from newsworld_dagster.forecasting.desk import (
    FORECASTERS,
    DeskInput,
    DeskParameters,
    Edition,
    make_edition,
)
from newsworld_dagster.forecasting.ledger import LedgerFault, chain, verify
from newsworld_dagster.forecasting.lint import Finding, lint
from newsworld_dagster.forecasting.windows import deadline_of

__all__ = [
    "FORECASTERS",
    "Claim",
    "DeskInput",
    "DeskParameters",
    "Edition",
    "Finding",
    "LedgerFault",
    "chain",
    "compile_claim",
    "deadline_of",
    "lint",
    "make_edition",
    "verify",
]
