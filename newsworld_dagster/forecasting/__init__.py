"""Claims, lint, ledger, the forecasters that need no language model, and the analyst."""

from __future__ import annotations

from newsworld_dagster.forecasting.analyst import NAME as ANALYST
from newsworld_dagster.forecasting.analyst import (
    AnalystParameters,
    TopicDraft,
    TopicGiven,
    draft_reports,
)
from newsworld_dagster.forecasting.analyst_rows import Analyses, Stamp, analyst_rows
from newsworld_dagster.forecasting.claims import Claim, compile_claim
from newsworld_dagster.forecasting.combining import combine
from newsworld_dagster.forecasting.desk import (
    NAMES as DESK,
)
from newsworld_dagster.forecasting.desk import (
    DeskInput,
    DeskParameters,
    Edition,
    make_edition,
)
from newsworld_dagster.forecasting.event_rates import event_rate_claims
from newsworld_dagster.forecasting.learned import MEMBERS
from newsworld_dagster.forecasting.learned import NAMES as LEARNED
from newsworld_dagster.forecasting.learned_rows import with_learned
from newsworld_dagster.forecasting.ledger import LedgerFault, chain, verify
from newsworld_dagster.forecasting.lint import Finding, lint
from newsworld_dagster.forecasting.windows import deadline_of

# Everyone who answers, the learning ones last.
# Those that answer the desk's questions; the analyst asks its own.
FORECASTERS = (*DESK, *LEARNED)

__all__ = [
    "ANALYST",
    "FORECASTERS",
    "LEARNED",
    "MEMBERS",
    "Analyses",
    "AnalystParameters",
    "Claim",
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
    "compile_claim",
    "deadline_of",
    "draft_reports",
    "event_rate_claims",
    "lint",
    "make_edition",
    "verify",
    "with_learned",
]
