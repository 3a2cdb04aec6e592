from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.contracts.rules import RuleSpec
from newsworld_dagster.contracts.vocabulary import confidence_band
from newsworld_dagster.forecasting import DeskParameters, Edition, chain, make_edition
from newsworld_dagster.forecasting.desk import NAMES
from tests.forecasting.toy_desk import AS_OF, DAY, NO_OPEN, TOPICS, axis, desk

EDITION = make_edition(desk())


def by_forecaster(edition: Edition, column: str) -> list[list[object]]:
    claims = edition.claims
    return [claims.loc[claims["forecaster"] == one, column].tolist() for one in NAMES]


def test_both_forecasters_answer_the_same_questions() -> None:
    base_rate, coverage = by_forecaster(EDITION, "question_id")
    assert base_rate == coverage
    assert len(base_rate) == 9  # two drawn blindly and a trigger on each of three topics
    assert len(set(base_rate)) == 9
    assert EDITION.claims["claim_id"].is_unique
    for column in ("statement", "spec", "resolve_by", "features", "sources"):
        one, other = by_forecaster(EDITION, column)
        assert one == other, column


def test_rows_meet_their_contracts() -> None:
    meet(CONTRACTS["forecasts.editions"], EDITION.editions)
    meet(CONTRACTS["forecasts.reports"], EDITION.reports)
    meet(CONTRACTS["forecasts.anchors"], EDITION.anchors)
    meet(CONTRACTS["forecasts.refusals"], EDITION.refusals)
    chain(EDITION.claims, (0, "0" * 64))


def test_each_forecasters_day_is_sealed_with_its_counts() -> None:
    seals = EDITION.editions.set_index("forecaster")
    assert set(seals.index) == set(NAMES)
    assert seals["claims"].tolist() == [9, 9]
    assert seals["refused"].tolist() == [0, 0]
    assert (seals["as_of"] == AS_OF).all()
    assert (seals["day"] == DAY).all()


def test_claims_hang_together() -> None:
    known = set(desk().window["article_id"])
    anchors = set(EDITION.anchors["anchor_id"])
    reports = EDITION.reports.set_index("report_id")
    for claim in EDITION.claims.to_dict("records"):
        assert claim["made_at"] == claim["as_of"] == AS_OF
        assert claim["resolve_by"] == AS_OF + pd.Timedelta(days=claim["window_days"])
        assert claim["band"] == confidence_band(claim["probability"])
        assert RuleSpec.model_validate_json(claim["spec"]).anchor_id in anchors
        assert reports.loc[claim["report_id"], "topic_id"] == claim["topic_id"]
        assert reports.loc[claim["report_id"], "forecaster"] == claim["forecaster"]
        cited = json.loads(claim["sources"])
        assert [source["number"] for source in cited] == list(range(1, len(cited) + 1))
        assert {source["article_id"] for source in cited} <= known
        assert all(source["article_id"].startswith(claim["topic_id"]) for source in cited)
    assert reports["claims"].sum() == len(EDITION.claims)


def test_the_same_input_gives_the_same_edition() -> None:
    again = make_edition(desk())
    for field in fields(Edition):
        pd.testing.assert_frame_equal(getattr(again, field.name), getattr(EDITION, field.name))


@pytest.mark.parametrize("article", ["t1-0", "old-0"])
def test_an_article_of_the_future_is_refused(article: str) -> None:
    given = desk()
    window = given.window.copy()
    there = window["article_id"] == article
    window.loc[there, "first_seen_at"] = AS_OF + pd.Timedelta(microseconds=1)
    with pytest.raises(ValueError, match="first seen after 2026-02-15"):
        make_edition(replace(given, window=window))
    window.loc[there, "first_seen_at"] = AS_OF
    make_edition(replace(given, window=window))


def reported(edition: Edition) -> list[str]:
    return sorted(set(edition.reports["topic_id"]))


def test_the_day_and_each_section_have_a_cap() -> None:
    many = {f"t{n}": (f"Name{n}", "Science", 3 + n, 12) for n in range(5)}
    # The most voices go first: t4 has seven publishers, t0 three.
    assert reported(make_edition(desk(many))) == ["t2", "t3", "t4"]
    two = DeskParameters(topics_per_day=2)
    assert reported(make_edition(desk(), two)) == ["t1", "t2"]


@pytest.mark.parametrize(
    "topic",
    [
        ("Artemis", "Science", 2, 12),  # too few publishers
        ("Artemis", "Science", 3, 2),  # too few articles
        ("Artemis coupon", "Science", 6, 12),  # a service, not news
    ],
)
def test_topics_that_are_not_worth_a_report_get_none(topic: tuple[str, str, int, int]) -> None:
    edition = make_edition(desk({"t1": topic}))
    assert edition.claims.empty
    assert edition.editions["claims"].tolist() == [0, 0]


def test_a_topic_that_fell_silent_gets_no_report() -> None:
    given = desk()
    silent = given.topics.assign(
        last_seen_at=[AS_OF - pd.Timedelta(days=2), *given.topics["last_seen_at"][1:]]
    )
    assert reported(make_edition(replace(given, topics=silent))) == ["t2", "t3"]


def test_a_world_without_news_gets_an_empty_sealed_edition() -> None:
    given = desk()
    empty = make_edition(
        replace(
            given,
            window=given.window.head(0),
            vectors=np.zeros((0, 0), np.float32),
            topics=given.topics.head(0),
        )
    )
    assert len(meet(CONTRACTS["forecasts.editions"], empty.editions)) == 2
    assert meet(CONTRACTS["forecasts.reports"], empty.reports).empty
    assert chain(empty.claims, (3, "a" * 64)).empty


def test_a_repeated_statement_is_refused_for_both_with_the_reason() -> None:
    # The open claim is of another kind, so that only its wording bars the new one.
    said = EDITION.claims["statement"].iloc[0]
    topic = EDITION.claims["topic_id"].iloc[0]
    open_claims = pd.DataFrame(
        {
            "topic_id": [topic],
            "template": ["other"],
            "window_days": [3],
            "made_at": [AS_OF],
            "statement": [said],
        }
    )
    edition = make_edition(desk(open_claims=open_claims))
    assert sorted(edition.refusals["forecaster"]) == sorted(NAMES)
    assert set(edition.refusals["statement"]) == {said}
    for reason in edition.refusals["reason"]:
        assert [finding["fault"] for finding in json.loads(reason)] == ["duplicate"]
    assert said not in set(edition.claims["statement"])
    assert edition.editions[["claims", "refused"]].to_numpy().tolist() == [[8, 1], [8, 1]]
    meet(CONTRACTS["forecasts.refusals"], edition.refusals)


def test_what_is_open_is_not_asked_again() -> None:
    open_claims = EDITION.claims.drop_duplicates("question_id")[list(NO_OPEN.columns)]
    kinds = ["topic_id", "template", "window_days"]
    asked_before = set(open_claims[kinds].itertuples(index=False, name=None))
    edition = make_edition(desk(open_claims=open_claims))
    asked_now = set(edition.claims[kinds].itertuples(index=False, name=None))
    assert asked_now
    assert not asked_now & asked_before


def settled(number: int) -> pd.DataFrame:
    """Settled claims with the features of those just made, every second one true."""
    rows = EDITION.claims.drop_duplicates("question_id")[["template", "window_days", "features"]]
    rows = pd.concat([rows] * (number // len(rows) + 1), ignore_index=True).head(number)
    return rows.assign(outcome=np.arange(number) % 2)


def test_the_seal_says_what_was_learnt_from() -> None:
    few = make_edition(desk(settled=settled(40))).editions.set_index("forecaster")
    assert few["fitted_on"].to_dict() == {"base-rate": 40, "coverage": 0}
    many = make_edition(desk(settled=settled(200))).editions.set_index("forecaster")
    assert many["fitted_on"].to_dict() == {"base-rate": 200, "coverage": 200}
    assert few.loc["base-rate", "input_digest"] == few.loc["coverage", "input_digest"]
    assert set(few["input_digest"]).isdisjoint(many["input_digest"])


def test_question_ids_name_the_question_and_nothing_else() -> None:
    # Other probabilities and another code version: the questions that recur keep their ids.
    other = make_edition(desk(settled=settled(40), code_version="9", phase="warm_up"))
    assert by_forecaster(other, "question_id") == by_forecaster(EDITION, "question_id")
    assert by_forecaster(other, "claim_id") == by_forecaster(EDITION, "claim_id")
    later = make_edition(desk(as_of=AS_OF + pd.Timedelta(minutes=1)))
    assert not set(later.claims["question_id"]) & set(EDITION.claims["question_id"])


def test_the_anchor_is_the_topic_as_it_stood() -> None:
    anchors = EDITION.anchors.set_index("topic_id")
    assert set(anchors.index) == set(TOPICS)
    assert anchors.loc["t1", "vector"].tolist() == axis(0).tolist()
    assert json.loads(anchors.loc["t1", "terms"])[0] == "artemis"
    # Members that sit on the centroid would ask for a cosine of 1: the cap is 0.6.
    assert anchors.loc["t1", "min_similarity"] == 0.6
