"""Stories of a week of real news that nothing was fitted on, against a reader's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from newsworld_dagster.clusterfile import cluster_articles
from newsworld_dagster.embeddings import SentenceTransformerEncoder
from newsworld_dagster.labelled import LABELS, VALIDATION, archive, weeks
from newsworld_dagster.stories import b_cubed
from newsworld_dagster.stories.pair_model import FittedOn


def test_labels_are_ids_and_slugs_and_stories_have_company() -> None:
    files = sorted(LABELS.glob("*.csv"))
    assert len(files) >= 4
    for path in files:
        labels = pd.read_csv(path, keep_default_na=False)
        assert list(labels.columns) == ["article_id", "story"]
        assert labels["article_id"].is_unique
        assert labels["article_id"].str.fullmatch("[0-9a-f]{16}").all()
        named = labels.loc[labels["story"] != "", "story"]
        assert named.str.fullmatch("[a-z0-9]+(-[a-z0-9]+)*").all(), path.name
        assert (named.value_counts() > 1).all(), path.name


def test_stories_of_the_validation_weeks_are_near_those_a_reader_sees(shared_data: Path) -> None:
    given = weeks(shared_data, archive(shared_data), validation=True)
    assert tuple(week.name for week in given) == VALIDATION
    # With their own history. Average linkage at the threshold that is best on the training weeks:
    # 0.854 by TF-IDF and 0.863 by MiniLM on the first week, 0.889 and 0.869 on the second. Without
    # event vectors 0.910 and 0.921.
    for week, least in zip(given, (0.911, 0.923), strict=True):
        vectors, events = week.vectors(SentenceTransformerEncoder())
        found = cluster_articles(week.articles, vectors, events=events, background=week.background)
        assert not pd.isna(found).any()
        assert b_cubed(week.stories, found).f1 >= least
        # The same, with the days in one call each, cannot depend on the order inside the file.
        shuffled = np.random.default_rng(1).permutation(len(found))
        again = cluster_articles(
            week.articles.iloc[shuffled].reset_index(drop=True),
            vectors[shuffled],
            events=events[shuffled],
            background=week.background,
        )
        assert b_cubed(found[shuffled], again).f1 >= 0.995


def test_stories_of_days_that_the_weights_have_seen_say_so() -> None:
    fitted = FittedOn.packaged()
    # The last day of the last training week, and the first of the validation weeks.
    assert pd.Timestamp("2026-03-15") < fitted.until <= pd.Timestamp(VALIDATION[0])
    # The word counts that they were learned with go up to the validation weeks.
    assert fitted.until == pd.Timestamp(VALIDATION[0])
    encoder = SentenceTransformerEncoder()
    assert (fitted.encoder, fitted.events) == (encoder.name, encoder.event_name)
    days = list(pd.date_range(fitted.until - pd.Timedelta(days=2), fitted.until))
    (seen,) = fitted.caveats(fitted.encoder, fitted.events, days)
    assert seen.startswith("2 of 3 days lie before ")
    assert fitted.caveats(fitted.encoder, fitted.events, days[2:]) == []
    (mixed,) = fitted.caveats(fitted.encoder, fitted.encoder, days[2:])
    assert "not of all-MiniLM-L6-v2-int8: fit both anew" in mixed
    assert "not of other" in fitted.caveats("other", "other", days[2:])[0]
