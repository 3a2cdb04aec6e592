"""Whatever is put in: an answer, or an error of ours that says what was wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsworld_dagster.articles import ArchiveError, read_archive
from newsworld_dagster.articles.feeds import FeedError, parse_feed
from newsworld_dagster.contracts.asking import Ask
from newsworld_dagster.forecasting.lintfile import ClaimFileError, lint_file
from newsworld_dagster.llm.answers import faults_of
from newsworld_dagster.prompts import outputs
from tests.faults.fuzz_targets import CELLS, HARD, NOW, TAGS

LIGHT = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SPLINTERS = st.one_of(
    st.sampled_from(TAGS).map("<{}>".format),
    st.sampled_from(TAGS).map("</{}>".format),
    st.sampled_from(HARD),
    st.text(max_size=6),
).map(str.encode)
SPLINTERS = SPLINTERS | st.binary(max_size=4)


@LIGHT
@given(st.lists(SPLINTERS, max_size=40).map(b"".join))
def test_any_bytes_are_a_feed_or_a_feed_error(content: bytes) -> None:
    try:
        parsed = parse_feed(content, feed_url="https://e.com/feed")
    except FeedError as error:
        assert "https://e.com/feed" in str(error)
        return
    for entry in parsed.entries:
        text = "".join([entry.id, entry.link, entry.title, entry.summary, entry.author])
        text.encode()
        assert "<script" not in entry.title + entry.summary


FIELDS = st.one_of(st.sampled_from(CELLS), st.text(max_size=12))


@LIGHT
@given(
    head=st.sampled_from(["url,title", "url,title,first_seen_at", "title", ""]),
    rows=st.lists(st.lists(FIELDS, max_size=4).map(",".join), max_size=6),
    junk=st.binary(max_size=6),
    suffix=st.sampled_from([".csv", ".jsonl", ".parquet"]),
)
def test_any_file_is_an_archive_or_an_archive_error(
    tmp_path: Path, head: str, rows: list[str], junk: bytes, suffix: str
) -> None:
    path = tmp_path / f"fuzz{suffix}"
    lines = "\n".join([head, *rows]).encode("utf-8", "surrogatepass")
    if suffix == ".jsonl":
        lines = b"\n".join(
            json.dumps(dict(zip(("url", "title", "first_seen_at"), row.split(","), strict=False)))
            .encode() for row in rows
        )  # fmt: skip
    path.write_bytes(lines + junk)
    try:
        batch = read_archive(path, {}, now=NOW)
    except ArchiveError as error:
        assert path.name in str(error)
        return
    assert batch.read == len(batch.articles) + len(batch.rejects) + batch.repeated


@LIGHT
@given(
    head=st.sampled_from(["statement,resolve_by", "statement,resolve_by,made_at", "statement"]),
    rows=st.lists(st.lists(FIELDS, min_size=1, max_size=4).map(",".join), max_size=5),
)
def test_any_file_is_claims_or_a_claim_file_error(
    tmp_path: Path, head: str, rows: list[str]
) -> None:
    path = tmp_path / "claims.csv"
    path.write_bytes("\n".join([head, *rows]).encode("utf-8", "surrogatepass"))
    try:
        claims = lint_file(path)
    except ClaimFileError as error:
        assert path.name in str(error)
        return
    assert all(isinstance(claim["findings"], list) for claim in claims)


ANSWERS = [outputs.Report, outputs.Probability, outputs.Judgement, outputs.Digest]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["headline", "events", "probability", "verdict", "items", "quotes", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", ANSWERS)
@LIGHT
@given(raw=st.one_of(JSON.map(json.dumps), st.text(max_size=40)))
def test_any_answer_of_a_model_is_taken_or_refused_with_reasons(kind: type, raw: str) -> None:
    ask = Ask("p", "d", "system", "shared", "ask", kind, "i", 100)
    value, faults = faults_of(ask, raw)
    assert (value is None) == bool(faults)
    assert all(isinstance(fault, str) and fault for fault in faults)
