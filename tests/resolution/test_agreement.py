from __future__ import annotations

import pytest

from newsworld_dagster.resolution import agreement


def test_kappa_of_a_published_table() -> None:
    # The table of Cohen (1968) in shares of 200: 0.44 + 0.20 + 0.06 agree, 0.41 would by chance,
    # kappa 0.492; here its categories stand for yes, no and void.
    table = {
        ("yes", "yes"): 88, ("yes", "no"): 14, ("yes", "void"): 18,
        ("no", "yes"): 10, ("no", "no"): 40, ("no", "void"): 10,
        ("void", "yes"): 2, ("void", "no"): 6, ("void", "void"): 12,
    }  # fmt: skip
    pairs = [pair for pair, count in table.items() for _ in range(count)]
    labels, outcomes = (list(side) for side in zip(*pairs, strict=True))
    found = agreement(labels, outcomes)
    assert found["accuracy"] == pytest.approx(0.70)
    assert found["kappa"] == pytest.approx(0.492, abs=0.0005)
    assert [row["yes"] for row in found["confusion"]] == [88, 10, 2]


def test_what_is_left_to_a_person_is_no_mistake_but_is_counted() -> None:
    labels = ["yes", "yes", "no", "no", "void"]
    found = agreement(labels, ["yes", "queue", "yes", "pending", "unfinished"])
    assert (found["claims"], found["decided"], found["right"]) == (5, 2, 1)
    assert (found["queue"], found["pending"], found["unfinished"]) == (1, 1, 1)
    assert found["accuracy"] == 0.5
    # Clopper-Pearson for 1 of 2.
    assert (found["accuracy_low"], found["accuracy_high"]) == pytest.approx(
        (0.0126, 0.9874), abs=1e-4
    )
    # It said yes both times: no better than chance.
    assert found["kappa"] == pytest.approx(0.0)
    rows = {row.pop("label"): row for row in found["confusion"]}
    assert sum(sum(row.values()) for row in rows.values()) == 5
    assert rows["yes"] == {"yes": 1, "no": 0, "void": 0, "queue": 1, "pending": 0, "unfinished": 0}


@pytest.mark.parametrize(
    ("labels", "outcomes"), [([], []), (["yes"], ["queue"]), (["yes", "yes"], ["yes", "yes"])]
)
def test_where_kappa_is_not_defined_it_is_none(labels: list[str], outcomes: list[str]) -> None:
    found = agreement(labels, outcomes)
    assert found["kappa"] is None
    assert (found["accuracy"] is None) == (found["decided"] == 0)
