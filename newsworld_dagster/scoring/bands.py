"""What High, Medium and Low have meant: the measured frequency behind each word."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from newsworld_dagster.contracts.vocabulary import BANDS, confidence_band
from newsworld_dagster.scoring.bootstrap import clustered_mean_interval
from newsworld_dagster.scoring.checked import ScoreInputError, checked_forecasts

# The bounds of `confidence_band`.
NOMINAL: Final = {"Low": (0.0, 1 / 3), "Medium": (1 / 3, 2 / 3), "High": (2 / 3, 1.0)}
LEAST_CLAIMS: Final = 50
LEAST_TOPICS: Final = 10
COLUMNS: Final = ("forecaster", "topic_id", "probability", "outcome")


def band_frequencies(
    scored: pd.DataFrame,
    *,
    least_claims: int = LEAST_CLAIMS,
    least_topics: int = LEAST_TOPICS,
    n_resamples: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """How often the claims of each band came true, once there are enough.

    Parameters
    ----------
    scored
        One row a settled claim, with the columns `COLUMNS`; the band is that of its probability.
    least_claims, least_topics
        What a band needs to be measured.
    n_resamples, seed
        Of the bootstrap, which draws topics.

    Returns
    -------
    pandas.DataFrame
        One row a forecaster and band, from Low to High: forecaster, band, claims, topics,
        measured (bool), frequency with low and high (95 %; NaN while not measured), nominal_low
        and nominal_high (the band's bounds), honest (whether the interval meets these bounds;
        None while not measured) and meaning, in words.

    Raises
    ------
    ScoreInputError
        Naming what is missing or the first bad position.
    """
    missing = [name for name in COLUMNS if name not in scored.columns]
    if missing:
        raise ScoreInputError(f"The scored claims lack the columns {', '.join(missing)}.")
    if len(scored):
        checked_forecasts(scored["probability"], scored["outcome"])
    bands = scored["probability"].map(confidence_band)
    lines = []
    for forecaster, rows in scored.groupby("forecaster", sort=True):
        for band in BANDS:
            inside = rows[bands.loc[rows.index] == band]
            lines.append(
                {"forecaster": forecaster, "band": band}
                | _line(band, inside, least_claims, least_topics, n_resamples, seed)
            )
    columns = (
        "forecaster", "band", "claims", "topics", "measured", "frequency", "low", "high",
        "nominal_low", "nominal_high", "honest", "meaning",
    )  # fmt: skip
    return pd.DataFrame(lines, columns=list(columns))


def _line(
    band: str, rows: pd.DataFrame, claims: int, topics: int, n_resamples: int, seed: int
) -> dict[str, object]:
    lowest, highest = NOMINAL[band]
    line: dict[str, object] = {
        "claims": len(rows),
        "topics": rows["topic_id"].nunique(),
        "nominal_low": lowest,
        "nominal_high": highest,
    }
    if len(rows) < claims or rows["topic_id"].nunique() < topics:
        spoken = {
            "Low": "less than 1 in 3",
            "Medium": "between 1 in 3 and 2 in 3",
            "High": "2 in 3 or more",
        }[band]
        return line | {
            "measured": False,
            "frequency": np.nan,
            "low": np.nan,
            "high": np.nan,
            "honest": None,
            "meaning": f"{spoken} by definition; too few have fallen due to measure",
        }
    found = clustered_mean_interval(
        rows["outcome"], rows["topic_id"], n_resamples=n_resamples, seed=seed
    )
    return line | {
        "measured": True,
        "frequency": found.mean,
        "low": found.low,
        "high": found.high,
        "honest": bool(found.low <= highest and found.high >= lowest),
        "meaning": (
            f"{found.mean:.0%} of {len(rows)} came true "
            f"(95 % interval {found.low:.0%} to {found.high:.0%})"
        ),
    }
