"""Scores of forecasts: how good, how sure of it, and against what.

Charts are in `newsworld_dagster.scoring.charts`, imported on their own because the plotting
library is heavy.
"""

from __future__ import annotations

from newsworld_dagster.scoring.bands import band_frequencies
from newsworld_dagster.scoring.bootstrap import (
    Comparison,
    Interval,
    clustered_mean_interval,
    clustered_skill_interval,
    paired_comparison,
)
from newsworld_dagster.scoring.external import (
    ForecastFileError,
    external_document,
    read_forecasts,
    score_external,
)
from newsworld_dagster.scoring.promotion import Contest, contest, contest_document, lead
from newsworld_dagster.scoring.proper import ScoreInputError, brier_score, log_score, mean_score
from newsworld_dagster.scoring.reliability import (
    Decomposition,
    calibration_bins,
    consistency_band,
    corp_decomposition,
    isotonic_recalibrated,
    reliability_curve,
)
from newsworld_dagster.scoring.scorecard import judge, scorecard, scorecard_document

__all__ = [
    "Comparison",
    "Contest",
    "Decomposition",
    "ForecastFileError",
    "Interval",
    "ScoreInputError",
    "band_frequencies",
    "brier_score",
    "calibration_bins",
    "clustered_mean_interval",
    "clustered_skill_interval",
    "consistency_band",
    "contest",
    "contest_document",
    "corp_decomposition",
    "external_document",
    "isotonic_recalibrated",
    "judge",
    "lead",
    "log_score",
    "mean_score",
    "paired_comparison",
    "read_forecasts",
    "reliability_curve",
    "score_external",
    "scorecard",
    "scorecard_document",
]
