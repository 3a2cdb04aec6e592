"""A build on top of the one before gives what a build from nothing gives, byte for byte."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic_core import to_json

from newsworld_dagster.edition import Given, Published, build_edition, cards, lookups, text
from newsworld_dagster.edition.archive import Archive
from newsworld_dagster.edition.build import edition_files
from newsworld_dagster.edition.lookups import Index, Look, Notes, Table
from tests.edition.edition_rows import AS_OF, LAST, frames, given

Frames = dict[str, pd.DataFrame]


@pytest.fixture(autouse=True)
def _no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures take most of a small build and are made of their inputs alone."""
    monkeypatch.setattr(cards, "_drawn", to_json)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The edition that each change is built on top of."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cards, "_drawn", to_json)
        folder = tmp_path_factory.mktemp("before")
        build_edition(given(), folder / "edition")
        yield folder


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def both(before: Path, after: Given, tmp_path: Path) -> Published:
    """Build on top of an edition and from nothing, and hold one against the other."""
    shutil.copytree(before, tmp_path / "top", symlinks=True)
    made = build_edition(after, tmp_path / "top" / "edition")
    build_edition(after, tmp_path / "nothing" / "edition")
    found, wanted = files(tmp_path / "top/edition"), files(tmp_path / "nothing/edition")
    assert found.keys() == wanted.keys()
    assert [path for path in wanted if found[path] != wanted[path]] == []
    return made


@pytest.mark.parametrize("shared", [1, 1_000])
def test_pages_are_the_same_where_next_to_nothing_is_kept_in_mind(
    before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: int
) -> None:
    monkeypatch.setattr(lookups, "BLOCK", 2)
    monkeypatch.setattr(lookups, "MOST_BLOCKS", 1)
    monkeypatch.setattr(lookups, "MOST_SHARED", shared)
    monkeypatch.setattr(text, "MOST_PARSED", 1)
    made = build_edition(given(), tmp_path / "edition")
    assert made.made == made.files
    assert files(tmp_path / "edition") == files(before / "edition")


def edit(name: str, where: Callable[[pd.DataFrame], Any], **changes: Any) -> Callable[[], Frames]:
    """The small frames with some cells of one frame changed."""

    def made() -> Frames:
        changed = frames()
        frame = changed[name].copy()
        rows = where(frame)
        assert rows.any()
        for column, value in changes.items():
            values = frame[column].astype(object)
            values[rows] = value
            frame[column] = values.astype(frame[column].dtype)
        return changed | {name: frame}

    return made


def without(name: str, where: Callable[[pd.DataFrame], Any]) -> Callable[[], Frames]:
    def made() -> Frames:
        changed = frames()
        return changed | {name: changed[name][~where(changed[name])]}

    return made


def more(name: str, **changes: Any) -> Callable[[], Frames]:
    """The small frames with a row more, the last one changed."""

    def made() -> Frames:
        changed = frames()
        row = changed[name].iloc[[-1]].assign(**changes)
        return changed | {name: pd.concat([changed[name], row], ignore_index=True)}

    return made


def shuffled() -> Frames:
    return {name: frame.iloc[::-1].reset_index(drop=True) for name, frame in frames().items()}


CHANGES = {
    "an article is new": more("articles", article_id="a99", title="Late news", copy=False),
    "an article is gone": without("articles", lambda rows: rows["article_id"] == "a8"),
    "an article moves to another story": edit(
        "articles", lambda rows: rows["article_id"] == "a8", topic_id="t1"
    ),
    "a claim is new": more(
        "claims", claim_id="c-99", seq=99, question_id="q-t0-new", probability=0.33
    ),
    "another forecaster answers": more("claims", claim_id="c-98", seq=98, forecaster="newcomer"),
    "a verdict comes": edit(
        "claims",
        lambda rows: rows["question_id"] == "q-t0-0212-0",
        verdict="yes",
        decided_at=AS_OF,
        decided_by="rule",
        reason="3 publishers counted",
        evidence='[{"article_id": "a1", "publisher": "paper1.example", "quote": "So it was"}]',
    ),
    "a verdict is corrected": edit(
        "claims", lambda rows: rows["question_id"] == "q-t0-0210-0", verdict="no"
    ),
    "a verdict is taken back": edit(
        "claims",
        lambda rows: rows["question_id"] == "q-t0-0210-0",
        verdict=None,
        decided_at=pd.NaT,
        evidence=None,
        reason=None,
        decided_by=None,
    ),
    "a probability changes": edit("claims", lambda rows: rows["seq"] == 3, probability=0.07),
    "a topic is renamed": edit("topics", lambda rows: rows["topic_id"] == "t0", label="Renamed"),
    "a topic falls asleep": edit(
        "topics", lambda rows: rows["topic_id"] == "t0", lifecycle="dormant"
    ),
    "a topic is gone": without("topics", lambda rows: rows["topic_id"] == "t1"),
    "a step is added": more("axis", entry_id="e99", kind="step", sentence="A further step."),
    "a timeline is gone": without("axis", lambda rows: rows["topic_id"] == "t1"),
    "a digest is corrected": edit(
        "digests", lambda rows: rows["rank"] == 2, headline="As corrected", article_id="a9"
    ),
    "a digest is gone": without("digests", lambda rows: rows["period"] == "weekly"),
    "something else trends": edit("trending", lambda rows: rows["rank"] == 1, term="Mars"),
    "an overruled verdict is added": more("overruled", claim_id="c-2", reason="miscounted"),
    "a score changes": edit("scorecard", lambda rows: rows["by"] == "all", brier=0.2, made=13),
    "a miss is worse": edit("scored", lambda rows: rows["brier"] > 0.3, brier=0.9),
    "an edition is gone": without("editions", lambda rows: rows.index == 1),
    "a report is gone": without("reports", lambda rows: rows["forecaster"] == "analyst"),
    "topics drift apart": edit(
        "reports",
        lambda rows: rows["report_id"] == "p-t1-coverage-0212",
        vector=[np.array([-1, 0], np.float32)],
    ),
    "an analyst is surer": edit("analyses", lambda rows: rows["articles"] == 3, confidence="Low"),
    "a text is rewritten": edit("texts", lambda rows: rows["place"] == 2, text="It held [2]."),
    "all rows come in another order": shuffled,
    "nothing is left": lambda: {name: frame.iloc[:0] for name, frame in frames().items()},
}


@pytest.mark.parametrize("change", CHANGES)
def test_on_top_equals_from_nothing(before: Path, change: str, tmp_path: Path) -> None:
    changed = given(frames=CHANGES[change]())
    made = both(before, changed, tmp_path)
    assert made.made > 0


def test_the_days_that_follow_equal_a_build_from_nothing(tmp_path: Path) -> None:
    build_edition(given(days=1), tmp_path / "first" / "edition")
    both(tmp_path / "first", given(days=LAST), tmp_path / "second")
    made = both(tmp_path / "second/top", given(), tmp_path / "third")
    assert made.kept > 40


@pytest.mark.parametrize(
    "change",
    [
        {"as_of": AS_OF + pd.Timedelta(days=9)},
        {"preferred": ("base-rate", "coverage")},
        {"charts": ()},
        {"site_url": "https://other.example/"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_no_row_counts_too(before: Path, change: dict, tmp_path: Path) -> None:
    assert both(before, given(**change), tmp_path).made > 0


def other(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, str):
        return value.replace("a8", "a9") if '"article_id"' in value else f"{value}x"
    if isinstance(value, bool | np.bool_):
        return not value
    if isinstance(value, pd.Timestamp):
        return value - pd.Timedelta(hours=30)
    return value / 2 if isinstance(value, float) else value + 1


# Not ids of pages or words of a fixed list, which no table can have otherwise.
FIXED = {"vector", "spec", "decided_by", "period", "keywords", "verdict"}
CELLS = [
    (name, column)
    for name, frame in frames().items()
    for column in frame.columns
    if column not in FIXED and frame[column].notna().any()
]


@pytest.fixture(scope="module")
def known() -> tuple[Archive, dict[str, tuple[bytes, bytes, set[Look]]]]:
    """The small archive, and of each of its files the key, the inputs and the looks."""
    archive = Archive(given())
    found = {}
    for file in edition_files(archive):
        with archive.notes.taken() as looks:
            inputs = to_json(file.gather())
        found[file.path] = to_json(file.key), inputs, looks
    return archive, found


@pytest.mark.parametrize(("name", "column"), CELLS)
def test_no_cell_changes_a_file_unseen(known: tuple, name: str, column: str) -> None:
    """Whichever cell changes: a file whose key and looks find the same gathers the same."""
    old, entries = known
    changed = frames()
    frame = changed[name].copy()
    place = int(np.flatnonzero(frame[column].notna())[0])
    values = frame[column].astype(object)
    values.iloc[place] = other(values.iloc[place])
    kind = frame[column].dtype
    whole = pd.api.types.is_object_dtype(kind)
    frame[column] = values.infer_objects() if whole else values.astype(kind)
    new = Archive(given(frames=changed | {name: frame}))
    for file in edition_files(new):
        key, inputs, looks = entries.get(file.path, (b"", b"", set()))
        if key == to_json(file.key) and all(
            old.notes.digests(of, [one]) == new.notes.digests(of, [one]) for of, one in looks
        ):
            assert to_json(file.gather()) == inputs, file.path


def test_a_group_in_another_order_is_another_group() -> None:
    def digests(*values: str) -> list[int]:
        notes = Notes()
        frame = pd.DataFrame({"key": ["a"] * len(values), "value": list(values)})
        index = Index("rows", Table(frame), "key", notes)
        return index.digests(["a", None])

    assert digests("1", "2") == digests("1", "2")
    for found, wanted in zip(digests("1", "2"), digests("2", "1"), strict=True):
        assert found != wanted
    for found, wanted in zip(digests("1", "1"), digests("1"), strict=True):
        assert found != wanted
    assert digests("1")[0] != 0


def test_a_column_of_another_kind_is_another_row() -> None:
    def digest(**columns: Any) -> int:
        frame = pd.DataFrame({"key": ["a"], **columns})
        return Index("rows", Table(frame), "key", Notes()).digests(["a"])[0]

    assert (
        len({digest(x=[1]), digest(y=[1]), digest(x=[1.0]), digest(x=["1"]), digest(x=[None])}) == 5
    )


def test_a_shared_value_is_noted_by_everyone_who_asks() -> None:
    notes = Notes()
    index = Index("rows", Table(pd.DataFrame({"key": ["a", "b"]})), "key", notes)
    for _ in range(2):
        with notes.taken() as looks:
            assert notes.shared(("both",), lambda: [len(index.get(key)) for key in "ac"]) == [1, 0]
        assert looks == {("rows", "a"), ("rows", "c")}


def test_a_list_of_sources_is_not_taken_for_one_that_is_gone() -> None:
    archive = Archive(given())
    # Each list is let go of before the next is made, which may come to lie where it lay.
    told = [archive.cited([{"number": number}])[0]["number"] for number in range(100)]
    assert told == list(range(100))
