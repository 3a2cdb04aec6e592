"""Claims, lint, ledger, the forecasters that need no language model, and the analyst."""

from __future__ import annotations

from newsworld_dagster.forecasting.analyst import (
    AnalystParameters,
    TopicDraft,
    TopicGiven,
    draft_reports,
)
from newsworld_dagster.forecasting.analyst_rows import Analyses, Stamp, analyst_rows
from newsworld_dagster.forecasting.combining import combine
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
    "Analyses",
    "AnalystParameters",
    "DeskInput",
    "DeskParameters",
    "Edition",
    "Finding",
    "LedgerFault",
    "Stamp",
    "TopicDraft",
    "TopicGiven",
    "analyst_rows",
    "chain",
    "combine",
    "draft_reports",
    "lint",
    "make_edition",
    "verify",
]
