"""Scores of forecasts: how good, how sure of it, and against what.

Charts are in `newsworld_dagster.scoring.charts`, imported on their own because the plotting
library is heavy.
"""

from __future__ import annotations

from newsworld_dagster.scoring.bands import band_frequencies
from newsworld_dagster.scoring.bootstrap import (
    Comparison,
    clustered_mean_interval,
    clustered_skill_interval,
    paired_comparison,
)
from newsworld_dagster.scoring.calibration import (
    CalibrationError,
    CalibrationTest,
    calibration_error,
    calibration_test,
)
from newsworld_dagster.scoring.cells import score_cells
from newsworld_dagster.scoring.checked import (
    ScoreInputError,
)
from newsworld_dagster.scoring.comparison import (
    compare_forecasters,
    difficulty_adjusted,
    peer_scores,
)
from newsworld_dagster.scoring.diagnostics import (
    area_under_curve,
    elementary_score,
    murphy_curve,
    sharpness,
)
from newsworld_dagster.scoring.external import compare_external, external_document, score_external
from newsworld_dagster.scoring.forecast_files import ForecastFileError, read_forecasts
from newsworld_dagster.scoring.promotion import Contest, contest, contest_document, lead
from newsworld_dagster.scoring.proper import (
    brier_index,
    brier_score,
    log_score,
    mean_score,
    ranked_probability_score,
    spherical_score,
)
from newsworld_dagster.scoring.reliability import (
    Decomposition,
    calibration_bins,
    corp_decomposition,
    isotonic_recalibrated,
    reliability_curve,
)
from newsworld_dagster.scoring.reliability_bands import confidence_band, consistency_band
from newsworld_dagster.scoring.resampling import (
    Interval,
)
from newsworld_dagster.scoring.scorecard import judge, scorecard, scorecard_document

__all__ = [
    "CalibrationError",
    "CalibrationTest",
    "Comparison",
    "Contest",
    "Decomposition",
    "ForecastFileError",
    "Interval",
    "ScoreInputError",
    "area_under_curve",
    "band_frequencies",
    "brier_index",
    "brier_score",
    "calibration_bins",
    "calibration_error",
    "calibration_test",
    "clustered_mean_interval",
    "clustered_skill_interval",
    "compare_external",
    "compare_forecasters",
    "confidence_band",
    "consistency_band",
    "contest",
    "contest_document",
    "corp_decomposition",
    "difficulty_adjusted",
    "elementary_score",
    "external_document",
    "isotonic_recalibrated",
    "judge",
    "lead",
    "log_score",
    "mean_score",
    "murphy_curve",
    "paired_comparison",
    "peer_scores",
    "ranked_probability_score",
    "read_forecasts",
    "reliability_curve",
    "score_cells",
    "score_external",
    "scorecard",
    "scorecard_document",
    "sharpness",
    "spherical_score",
]
