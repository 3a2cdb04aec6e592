from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.contracts import CONTRACTS, meet
from newsworld_dagster.stories import (
    FEATURES,
    Background,
    PairSpace,
    StoryDay,
    StoryParameters,
    assign_stories,
    pair_probabilities,
    story_id,
)

DAY = pd.Timestamp("2026-02-14")
# Below, titles share no word, so that the probability of a pair is its cosine, less 0.1 for each
# day between. Alone, two articles with probability p gain p - 1 in expected precision and
# 2p / (1 + p) in expected recall, which counts 1.2 times: they are one story above p = 0.362.
WORDS = [f"word{n}" for n in range(20)]


class LinearModel:
    """A pair model whose probabilities can be worked out by hand."""

    def probability(self, features: np.ndarray) -> np.ndarray:
        dense, lexical, days = (
            features[:, FEATURES.index(name)] for name in ("dense", "lexical", "days")
        )
        return np.clip(np.maximum(dense, lexical) - 0.1 * days, 0, 1)


def assign(
    given: pd.DataFrame, vectors: np.ndarray, parameters: StoryParameters | None = None
) -> StoryDay:
    return assign_stories(
        given,
        vectors,
        day=DAY,
        model=LinearModel(),
        background=Background(0, {}),
        parameters=parameters,
    )


def turned(*degrees: float) -> np.ndarray:
    """Unit vectors of the plane by their angle."""
    angles = [math.radians(angle) for angle in degrees]
    return np.array([[math.cos(a), math.sin(a)] for a in angles], np.float32)


def window(
    *stories: str | None,
    days: list[float] | None = None,
    titles: list[str] | None = None,
) -> pd.DataFrame:
    days = days or [n / 1000 for n in range(len(stories))]
    return pd.DataFrame(
        {
            "article_id": [f"a{n}" for n in range(len(stories))],
            "title": titles or WORDS[: len(stories)],
            "summary": "",
            "first_seen_at": [DAY + pd.Timedelta(days=n) for n in days],
            "story_id": pd.Series(stories, dtype=object),
        }
    )


def in_force(given: pd.DataFrame, made: StoryDay) -> list[str]:
    """The story of each article after the day."""
    now = given.set_index("article_id")["story_id"].to_dict()
    now |= made.assignments.set_index("article_id")["story_id"].to_dict()
    return [now[article] for article in given["article_id"]]


def same_story(stories: list[str]) -> list[list[bool]]:
    return [[one == other for other in stories] for one in stories]


def test_near_articles_join_and_a_far_one_founds() -> None:
    given = window(None, None, None)
    made = assign(given, turned(0, 20, 90))
    assert made.assignments["story_id"].tolist() == [
        story_id("a0"),
        story_id("a0"),
        story_id("a2"),
    ]
    assert made.assignments["reason"].tolist() == ["founded", "joined", "founded"]
    # cos 20° - 0.1 * 0.001
    assert made.assignments["score"].tolist() == pytest.approx([1, 0.939593, 1], abs=1e-5)
    assert made.lineage.empty
    meet(CONTRACTS["stories.assignments"], made.assignments)


def test_same_words_make_one_story_where_the_vectors_do_not() -> None:
    titles = ["storm floods harbour", "storm floods harbour", "court frees banker"]
    made = assign(window(None, None, None, titles=titles), turned(0, 90, 180))
    assert made.assignments["story_id"].tolist() == [
        story_id("a0"),
        story_id("a0"),
        story_id("a2"),
    ]


@pytest.mark.parametrize(
    ("days", "together"),
    [
        (5.0, True),  # 1 - 5 * 0.1 = 0.5
        (7.0, False),  # 1 - 7 * 0.1 = 0.3
    ],
)
def test_time_between_articles_parts_them(days: float, together: bool) -> None:
    made = assign(window(None, None, days=[0, days]), turned(0, 0))
    one, other = made.assignments["story_id"]
    assert (one == other) is together


def test_articles_without_a_time_are_compared_without_decay() -> None:
    given = window(None, None, None, days=[0, 9, 9])
    given.loc[1, "first_seen_at"] = pd.NaT
    made = assign(given, turned(0, 0, 90))
    assert same_story(in_force(given, made)) == same_story(["x", "x", "y"])
    given["first_seen_at"] = pd.NaT
    made = assign(given, turned(0, 0, 90))
    assert same_story(in_force(given, made)) == same_story(["x", "x", "y"])


def test_known_articles_stay_where_nothing_new_touches_them() -> None:
    given = window("s1", "s2", "s2", None)
    made = assign(given, turned(0, 90, 90, 95))
    assert made.assignments["article_id"].tolist() == ["a3"]
    assert made.assignments["story_id"].tolist() == ["s2"]
    quiet = given.assign(story_id=["s1", "s2", "s2", "s2"])
    assert assign(quiet, turned(0, 90, 90, 95)).assignments.empty


def test_an_article_between_two_stories_merges_them() -> None:
    # The two stories stand 71.337° apart: 0.32, too little. The new one between them is 0.8124
    # from each. With it the older is certain (0.7 and more); then the younger one's union with
    # the two loses 0.516 in precision and gains 0.991 in recall, times 1.2.
    given = window("older", "younger", None, days=[0, 0, 0])
    made = assign(given, turned(0, 71.3371, 35.66855))
    assert in_force(given, made) == ["older"] * 3
    rows = made.assignments.set_index("article_id")
    assert rows["reason"].to_dict() == {"a1": "merged", "a2": "joined"}
    assert rows.loc["a1", "score"] == pytest.approx((0.32 + 0.81240) / 2, abs=1e-4)
    assert made.lineage[["day", "kind", "from_story_id", "to_story_id", "articles"]].to_numpy(
        dtype=object
    ).tolist() == [[DAY, "merge", "younger", "older", 1]]
    assert made.lineage["reason"].iloc[0] == (
        "1 article goes with the story joined at a mean of 0.57"
    )
    meet(CONTRACTS["stories.lineage"], made.lineage)


def test_the_larger_stored_story_keeps_its_id_in_a_merge() -> None:
    # The new one is a little nearer to the small story, which makes it two against three.
    given = window("small", "large", "large", "large", None, days=[0] * 5)
    made = assign(given, turned(0, 71.3371, 71.3371, 71.3371, 35))
    assert in_force(given, made) == ["large"] * 5
    assert made.lineage["from_story_id"].tolist() == ["small"]


def test_a_wrongly_joined_story_splits_and_keeps_its_id_on_the_larger_part() -> None:
    given = window("s1", "s1", "s1", None)
    made = assign(given, turned(0, 0, 90, 90))
    assert in_force(given, made) == ["s1", "s1", story_id("a3"), story_id("a3")]
    assert made.assignments.set_index("article_id").loc["a2", "reason"] == "split"
    assert made.lineage[["kind", "from_story_id", "to_story_id", "articles"]].to_numpy(
        dtype=object
    ).tolist() == [["split", "s1", story_id("a3"), 1]]


def test_a_part_that_splits_off_without_a_new_article_gets_an_id_of_its_own() -> None:
    given = window("s1", "s1", "s1", "s1", "s1", None)
    made = assign(given, turned(0, 0, 0, 90, 90, 0))
    stories = in_force(given, made)
    assert same_story(stories) == same_story(["s1", "s1", "s1", "n", "n", "s1"])
    assert stories[0] == "s1"
    assert stories[3] not in {"s1", *(story_id(article) for article in given["article_id"])}
    assert made.lineage["articles"].tolist() == [2]
    assert made.lineage["reason"].tolist() == ["2 articles stand apart, with the one left at 0.00"]


# 70.12° is a probability of 0.34, 71.34° one of 0.32. Apart, the stored two gain 2 - 1.34 in
# expected precision and lose 0.34 / 1.66 + 0.34 / 1.34 in expected recall, 1.2 times: 0.110.
@pytest.mark.parametrize(("margin", "together"), [(0.10, False), (0.12, True)])
def test_a_stored_story_is_parted_where_that_is_worth_the_move(
    margin: float, together: bool
) -> None:
    given = window("s1", "s1", None, days=[0, 0, 0])
    made = assign(given, turned(0, 70.1234, -71.3371), StoryParameters(margin=margin))
    stories = in_force(given, made)
    assert stories[0] == "s1"
    assert stories[2] == story_id("a2")
    assert (stories[1] == "s1") is together
    assert len(made.lineage) == (not together)


def test_a_part_that_stays_keeps_no_other_from_being_mended() -> None:
    # As above, and beyond it a story of two that have nothing in common any more.
    given = window("s1", "s1", "s2", "s2", None, None, days=[0] * 6)
    vectors = np.zeros((6, 4), np.float32)
    vectors[[0, 1, 4], :2] = turned(0, 70.1234, -71.3371)
    vectors[[2, 3, 5], 2:] = turned(0, 90, 0)
    vectors[5] = 0.9 * vectors[5] + math.sqrt(1 - 0.9**2) * vectors[4]  # what joins the two groups
    stories = in_force(given, assign(given, vectors, StoryParameters(margin=0.12)))
    assert stories[:3] == ["s1", "s1", "s2"]
    assert stories[3] not in stories[:3]
    assert stories[5] == "s2"


def cosines(*pairs: tuple[int, int, float], count: int) -> np.ndarray:
    """Unit vectors with these cosines; 0.25, too little for a candidate, where none is given."""
    wanted = np.full((count, count), 0.25)
    np.fill_diagonal(wanted, 1)
    for one, other, cosine in pairs:
        wanted[one, other] = wanted[other, one] = cosine
    return np.linalg.cholesky(wanted).astype(np.float32)


def test_what_new_articles_gain_does_not_pay_for_the_moves_of_stored_ones() -> None:
    # a2 joins the story in the online step, at a mean of 0.37, and a3 has nothing to do with it.
    # That these two are one by themselves gains much; to part a0 and a1 as well gains 0.007.
    given = window("s1", "s1", None, None, days=[0] * 4)
    vectors = cosines((0, 1, 0.425), (0, 2, 0.38), (1, 2, 0.36), (2, 3, 0.95), count=4)
    made = assign(given, vectors, StoryParameters(margin=0.02))
    stories = in_force(given, made)
    assert stories[:2] == ["s1", "s1"]
    assert stories[2] == stories[3] != "s1"
    assert made.lineage.empty
    free = in_force(given, assign(given, vectors, StoryParameters(margin=0.0)))
    assert free[0] != free[1]


def test_nobody_leaves_a_story_for_another_that_is_no_better() -> None:
    # a1 is as near to one story as to the other, and so is the new article.
    given = window("s2", "s1", "s1", None, days=[0] * 4)
    near = [(0, 1, 0.45), (1, 2, 0.45), (0, 3, 0.32), (2, 3, 0.32)]
    made = assign(given, cosines(*near, count=4))
    assert in_force(given, made)[:3] == ["s2", "s1", "s1"]
    assert made.lineage.empty


def test_a_part_that_leaves_on_the_day_of_another_has_an_id_of_its_own() -> None:
    # a0 parts from a story whose name is the one that it would get.
    named = story_id(f"a0@{DAY:%Y-%m-%d}")
    given = window(named, named, None, days=[0] * 3)
    stories = in_force(given, assign(given, cosines((1, 2, 0.9), count=3)))
    assert stories[1] == stories[2] == named
    assert stories[0] != named


def test_a_story_s_id_stays_with_its_articles_where_new_ones_leave_it_again() -> None:
    # Online both new ones join, which makes them two of three.
    given = window("s1", None, None, days=[0] * 3)
    made = assign(given, cosines((0, 1, 0.4), (1, 2, 0.95), count=3))
    stories = in_force(given, made)
    assert stories[0] == "s1"
    assert stories[1] == stories[2] != "s1"
    assert made.lineage.empty


def crowd(seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Sixty articles of twelve stories, all of one moment."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((12, 128))
    stories = rng.integers(0, 12, 60)
    vectors = centres[stories] + 0.15 * rng.standard_normal((60, 128))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    given = window(*[None] * 60, days=[0.0] * 60, titles=[f"w{n} v{n}" for n in range(60)])
    return given.assign(truth=stories), vectors.astype(np.float32)


def test_the_same_input_gives_the_same_rows() -> None:
    given, vectors = crowd(1)
    one = assign(given, vectors)
    other = assign(given.copy(), vectors.copy())
    pd.testing.assert_frame_equal(one.assignments, other.assignments)
    pd.testing.assert_frame_equal(one.lineage, other.lineage)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_inside_a_day_does_not_change_what_belongs_together(seed: int) -> None:
    given, vectors = crowd(seed)
    order = np.random.default_rng(seed + 100).permutation(len(given))
    shuffled = given.iloc[order].reset_index(drop=True)
    one = in_force(given, assign(given, vectors))
    other = in_force(shuffled, assign(shuffled, vectors[order]))
    expected = same_story([str(number) for number in given["truth"]])
    assert same_story(one) == expected
    back = pd.Series(other, index=order).sort_index().tolist()
    assert same_story(back) == expected


def test_stored_ids_do_not_depend_on_the_order_of_the_new() -> None:
    given = window("s1", "s2", None, None, None, None, days=[0.0] * 6)
    vectors = turned(0, 90, 2, 88, 3, 92)
    order = np.array([1, 0, 5, 4, 3, 2])
    shuffled = given.iloc[order].reset_index(drop=True)
    one = assign(given, vectors).assignments
    other = assign(shuffled, vectors[order]).assignments
    columns = ["article_id", "story_id"]
    assert sorted(one[columns].to_numpy().tolist()) == sorted(other[columns].to_numpy().tolist())
    assert one["story_id"].tolist() == ["s1", "s2", "s1", "s2"]


def test_each_placement_keeps_its_nearest_articles_and_what_they_share() -> None:
    titles = ["storm floods harbour", "storm sinks ferry", "court frees banker"]
    made = assign(window(None, None, None, titles=titles), turned(0, 20, 60))
    near = [json.loads(text) for text in made.assignments["nearest"]]
    # cos 20° = 0.940, cos 40° = 0.766 and cos 60° = 0.5, to the third decimal
    assert same_story(in_force(window(None, None, None), made)) == [[True] * 3] * 3
    assert [(one["article_id"], one["probability"]) for one in near[1]] == [
        ("a0", 0.94),
        ("a2", 0.766),
    ]
    assert near[1][0]["shared"] == ["storm"]
    assert near[1][1]["shared"] == []
    assert all(one["member"] for found in near for one in found)
    lone = assign(window(None, None, titles=titles[:2]), turned(0, 70))
    (nearest,) = json.loads(lone.assignments["nearest"].iloc[0])
    assert nearest == {
        "article_id": "a1", "probability": 0.342, "names": [], "shared": ["storm"],
        "member": False,
    }  # fmt: skip


def test_shared_names_are_told_from_other_words() -> None:
    titles = ["Storm near Boston floods the harbour", "Ferry sinks in storm off Boston"]
    made = assign(window(None, None, titles=titles), turned(0, 20))
    (nearest,) = json.loads(made.assignments["nearest"].iloc[1])
    assert (nearest["names"], nearest["shared"]) == (["Boston"], ["storm"])


def test_an_older_part_outside_the_window_keeps_its_story_and_counts() -> None:
    # As in a merge above; three of the small story's articles are older than the window.
    given = window("small", "large", "large", None, days=[0] * 4)
    vectors = turned(0, 71.3371, 71.3371, 35)
    made = assign_stories(
        given,
        vectors,
        day=DAY,
        model=LinearModel(),
        background=Background(0, {}),
        older={"small": 3},
    )
    assert in_force(given, made) == ["small"] * 4
    assert made.lineage[["kind", "from_story_id"]].to_numpy().tolist() == [["merge", "large"]]
    made = assign_stories(
        given,
        vectors,
        day=DAY,
        model=LinearModel(),
        background=Background(0, {}),
        older={"small": 3, "large": 9},
    )
    # The older articles of `small` stay with it: a part left, the story did not end.
    assert in_force(given, made) == ["large"] * 4
    assert made.lineage[["kind", "from_story_id"]].to_numpy().tolist() == [["split", "small"]]


def test_a_group_too_large_to_repair_is_cut_at_stronger_links() -> None:
    # Two pairs, 0.97 each, whose nearest members are 0.34 apart: one group of four.
    given, vectors = window(None, None, None, None), turned(0, 14, 84, 98)
    whole = assign(given, vectors, StoryParameters(threshold=0.99))
    cut = assign(given, vectors, StoryParameters(threshold=0.99, largest_repair=2))
    kept = assign(given, vectors, StoryParameters(threshold=0.99, largest_repair=1))
    assert same_story(in_force(given, whole)) == same_story(["x", "x", "y", "y"])
    assert same_story(in_force(given, cut)) == same_story(["x", "x", "y", "y"])
    assert len(set(in_force(given, kept))) == 4  # as the online step made them


def test_parameters_decide() -> None:
    strict = StoryParameters(threshold=0.95, start=0.95, recall_weight=0.0)
    made = assign(window(None, None), turned(0, 20), strict)
    assert made.assignments["story_id"].nunique() == 2


def test_what_an_article_was_called_in_its_address_counts() -> None:
    given = window(None, None)
    titles = given["title"].str.cat(sep=" ").split()
    assert len(set(titles)) == len(titles)  # they share no word
    apart = assign(given, turned(0, 90)).assignments
    assert apart["story_id"].nunique() == 2
    # Six shared words at IDF 1, one of the title at 1.405 and, standing there for two, at 1 + ln 2
    # of that: a cosine of 6 / (6 + 5.66) = 0.51.
    slug = "lagos-market-fire-kills-dozens-traders"
    given["url"] = [f"https://one.example/{slug}", f"https://other.example/2026/{slug}-12345.html"]
    together = assign(given, turned(0, 90)).assignments
    one, other = together["story_id"]
    assert one == other
    (near, *_) = json.loads(together["nearest"].iloc[1])
    assert near["probability"] == pytest.approx(0.51, abs=0.01)
    assert {"lagos", "traders"} & set(near["shared"])
    # An article that came without an address is read by its texts alone.
    given["url"] = [f"https://one.example/{slug}", None]
    assert assign(given, turned(0, 90)).assignments["story_id"].nunique() == 2


def test_an_empty_window_and_a_window_of_stop_words_are_no_trouble() -> None:
    empty = assign(window(), np.zeros((0, 0), np.float32))
    assert meet(CONTRACTS["stories.assignments"], empty.assignments).empty
    assert meet(CONTRACTS["stories.lineage"], empty.lineage).empty
    bare = window(None, None, titles=["the", "of"])
    one, other = assign(bare, turned(0, 0)).assignments["story_id"]
    assert one == other


def test_what_event_vectors_say_of_a_pair() -> None:
    # Cosines of the events: 0.8 between the first two, 0 and -0.6 to the third.
    events = np.array([[1, 0], [0.8, 0.6], [0, -1]], np.float32)
    space = PairSpace(window(None, None, None), turned(0, 0, 0), Background(0, {}), events=events)
    found = dict(zip(FEATURES, space.features(space.first, space.second).T, strict=True))
    assert list(zip(space.first, space.second, strict=True)) == [(0, 1), (0, 2), (1, 2)]
    assert found["dense"] == pytest.approx([1, 1, 1])
    assert found["event"] == pytest.approx([0.8, 0, -0.6], abs=1e-6)
    # A third is nearest to the first, by 0; a mean of ten, of which eight are missing.
    assert found["density_event"] == pytest.approx([(0.8 + 0.2) / 10, 0.02, -0.04], abs=1e-6)
    assert found["behind_max"] == pytest.approx([0, 0.8, 1.4], abs=1e-6)
    assert found["behind_min"] == pytest.approx([0, 0, 0.6], abs=1e-6)
    # Without event vectors the vectors speak of events too.
    alone = PairSpace(window(None, None, None), turned(0, 0, 0), Background(0, {}))
    assert alone.features(alone.first, alone.second)[:, 1] == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("seed", range(3))
def test_only_pairs_within_reach_of_new_articles_are_scored(seed: int) -> None:
    given, vectors = crowd(seed)
    stored = given["truth"].to_numpy() % 4 != 0
    stories = np.where(stored, [f"s{n}" for n in given["truth"]], None)
    space = PairSpace(given, vectors, Background(0, {}))
    full = pair_probabilities(space, LinearModel(), np.full(60, None), 0.5).toarray()
    near = pair_probabilities(space, LinearModel(), stories, 0.5).toarray()
    # The closure by hand: from the new over likely pairs and shared stories.
    reached = ~stored
    for _ in range(60):
        linked = (full[reached] >= 0.5).any(axis=0)
        mates = np.isin(stories.astype(str), stories[reached & stored].astype(str))
        reached = reached | linked | mates
    np.testing.assert_array_equal(near[reached], full[reached])
    assert not near[~reached][:, ~reached].any()
    assert full[~reached][:, ~reached].any()
