"""What learning from the record would have done to a world's own ledger, walked forward.

`python -m tests.benchmarks.record SNAPSHOT` reads a published snapshot and, for each moment at
which claims were made, fits on what had settled by then and applies it to the claims made then.
It also prints the contest of the desk's forecasters, what their bands have meant, and how often
their claims contradict each other.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import pandas as pd

from newsworld_dagster.forecasting import MEMBERS
from newsworld_dagster.forecasting.consistency import hold, relations_of, summary
from newsworld_dagster.forecasting.ensemble import combine, fit_ensemble
from newsworld_dagster.forecasting.recalibration import fit, recalibrate
from newsworld_dagster.scoring import band_frequencies, brier_score, contest, paired_comparison
from newsworld_dagster.warehouse import open_snapshot
from newsworld_dagster.warehouse.asof import Reader
from tests.benchmarks.recalibration import MODELS, markdown


def walked(reader: Reader, end: pd.Timestamp) -> pd.DataFrame:
    """Each claim on record that is settled by `end`, with a column for each variant."""
    record = reader.claims_with_verdicts(end)
    record = record[record["forecaster"].isin(MEMBERS)]
    names = list(MEMBERS)
    parts = []
    for moment, made in record.groupby("as_of"):
        settled = reader.settled_forecasts(moment, names)
        both = combine(fit_ensemble(settled, names, as_of=moment), made, made_at=moment)
        made = made.assign(ensemble=made["question_id"].map(both))
        for name, rows in made.groupby("forecaster"):
            seen = settled[settled["forecaster"] == name]
            parts.append(
                rows.assign(
                    **{
                        label: recalibrate(
                            fit(seen, as_of=moment, method=method, shrink=shrink),
                            rows["probability"],
                            made_at=moment,
                        )
                        for label, (method, shrink) in MODELS.items()
                    }
                )
            )
    found = pd.concat(parts, ignore_index=True)
    found = found[found["verdict"].isin(["yes", "no"]) & (found["resolve_by"] <= end)]
    return found.assign(outcome=(found["verdict"] == "yes").astype(float))


def changes(rows: pd.DataFrame) -> pd.DataFrame:
    """One line a forecaster and variant: Brier before and after, and the difference's interval."""
    lines = []
    for name, one in rows.groupby("forecaster"):
        before = brier_score(one["probability"], one["outcome"])
        for label in (*MODELS, "ensemble"):
            after = brier_score(one[label], one["outcome"])
            found = paired_comparison(after, before, one["topic_id"]).interval
            lines.append(
                {"forecaster": name, "variant": label, "n": len(one), "topics": found.clusters}
                | {"before": float(np.mean(before)), "after": float(np.mean(after))}
                | {"difference": found.mean, "low": found.low, "high": found.high}
            )
    return pd.DataFrame(lines)


def main(arguments: list[str] | None = None) -> int:
    """Print the tables of one world."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("snapshot", nargs="?", help="a published snapshot; the world's by default")
    given = parser.parse_args(arguments)
    reader = open_snapshot(given.snapshot).reader
    end = reader.latest_as_of()
    if end is None:
        sys.stderr.write("The world has no claims yet: run `newsworld demo` first.\n")
        return 1
    rows, claims = walked(reader, end), reader.claims_as_of(end)
    fight = contest(rows, "base-rate", "coverage")
    shown = ["forecaster", "band", "claims", "topics", "frequency", "low", "high", "meaning"]
    sys.stdout.write(
        f"{markdown(changes(rows))}\n\n"
        f"coverage beside base-rate: {fight.difference:+.4f} [{fight.low:.4f}, {fight.high:.4f}] "
        f"on {fight.shared} claims, promoted: {fight.promoted} ({fight.reason})\n\n"
        f"{markdown(band_frequencies(rows)[shown])}\n\n"
        f"{markdown(summary(hold(claims, relations_of(claims))))}\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
