"""What is fuzzed, and what must hold of it whatever comes in.

A target takes bytes. It returns for input that was read or that was refused with an error that the
function promises, and raises for everything else: that is a finding.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import hashlib
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import BaseModel, ValidationError

from newsworld_dagster.articles import ArchiveError, ImportBatch, canonical_url, read_archive
from newsworld_dagster.articles.feeds import (
    SUMMARY_CHARACTERS,
    Feed,
    FeedError,
    entries_to_articles,
    parse_feed,
)
from newsworld_dagster.articles.identity import UNSTORABLE, article_id
from newsworld_dagster.contracts.articles import TIME
from newsworld_dagster.contracts.asking import Ask
from newsworld_dagster.contracts.rules import RuleSpec, tally
from newsworld_dagster.contracts.vocabulary import VERDICTS
from newsworld_dagster.forecasting import compile_claim, lintfile
from newsworld_dagster.forecasting.analyst import draft_reports
from newsworld_dagster.forecasting.analyst_rows import analyst_rows
from newsworld_dagster.llm import Client
from newsworld_dagster.llm.answers import faults_of
from newsworld_dagster.llm.store import Reply
from newsworld_dagster.prompts import outputs
from newsworld_dagster.resolution import (
    Case,
    VerdictFileError,
    claimfile,
    judge_claims,
    read_verdicts,
)
from newsworld_dagster.scoring import (
    ForecastFileError,
    ScoreInputError,
    read_forecasts,
    score_external,
)
from newsworld_dagster.stories.written import SectionGiven, TopicToName
from newsworld_dagster.stories.written import write as write_digests
from tests.forecasting.toy_analyst import (
    AS_OF,
    NO_SETTLED,
    PARAMETERS,
    STAMP,
    articles,
    chance,
    event,
    prompt_of,
    report,
    topic,
)

NOW = pd.Timestamp("2026-02-15 12:00")
FEED = Feed(name="F", url="https://example.com/feed", section="World")
# Line breaks and tabs belong to prose; every other control character is a fault.
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
MOST_SCORED = 12


class BrokenPromiseError(AssertionError):
    """What was read breaks what it promises."""


def check(holds: object, what: str) -> None:
    if not holds:
        raise BrokenPromiseError(what)


# ---------------------------------------------------------------- feeds


def feeds(content: bytes) -> None:
    """A feed's bytes through all its readers, and of one in 4 the entries to articles."""
    try:
        parsed = parse_feed(content, feed_url=FEED.url, summary_characters=SUMMARY_CHARACTERS)
    except FeedError as error:
        check(FEED.url in str(error), "the error does not name the feed")
        return
    for entry in parsed.entries:
        for text in (parsed.title, entry.title, entry.summary, entry.author):
            check(not UNSTORABLE.search(text), f"control characters in {text!r}")
        if entry.published is not None:
            check(entry.published.tzinfo is None, "a date with a zone")
    if not chosen(content, 4):
        return
    batch = entries_to_articles(parsed, FEED, now=NOW)
    check(batch.read == len(parsed.entries), "entries were lost")
    _obeys(batch)


def _obeys(batch: ImportBatch) -> None:
    """What the tables of articles promise, beyond the types that `meet` has checked."""
    rows = batch.articles
    check(
        batch.read == len(rows) + len(batch.rejects) + batch.repeated,
        f"{batch.read} rows are {len(rows)} articles, {len(batch.rejects)} rejects and "
        f"{batch.repeated} repeats",
    )
    for frame in (rows, batch.rejects, batch.date_repairs):
        _storable(frame)
    for name in ("published_at", "first_seen_at", "day"):
        check(rows[name].dtype == TIME, f"{name} is no UTC time")
    check(not rows["first_seen_at"].isna().any(), "an article that was never seen")
    check((rows["first_seen_at"] <= NOW).all(), "an article of the future")
    check(not (rows["published_at"] > rows["first_seen_at"]).any(), "published after it was seen")
    for url in rows["canonical_url"]:
        check(canonical_url(url) == url, f"{url!r} is canonical, and {canonical_url(url)!r}")
    check((rows["canonical_url"].map(article_id) == rows["article_id"]).all(), "another id")


def chosen(content: bytes, one_in: int) -> bool:
    """Whether the slow part is done for an input, always the same for the same input."""
    return hashlib.sha256(content).digest()[0] % one_in == 0


def _storable(frame: pd.DataFrame, but: Iterable[str] = ()) -> None:
    for name in frame.columns.difference(list(but)):
        for value in frame[name]:
            if isinstance(value, str):
                check(not CONTROLS.search(value), f"control characters in {name}: {value!r}")


# ---------------------------------------------------------------- files


def _as_file(content: bytes, suffix: str, read: Callable[[Path], Any]) -> Any:
    folder = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=folder if folder.is_dir() else None) as scratch:
        path = Path(scratch) / f"fuzz{suffix}"
        path.write_bytes(content)
        return read(path)


ARCHIVES = {b"c": ".csv", b"j": ".jsonl", b"p": ".parquet", b"C": ".csv.gz", b"J": ".jsonl.gz"}


def imports(content: bytes) -> None:
    """An archive: the first byte says of which kind, the rest is the file."""
    suffix = ARCHIVES.get(content[:1], ".csv")
    try:
        batch = _as_file(content[1:], suffix, lambda path: read_archive(path, {}, now=NOW))
    except ArchiveError as error:
        check(f"fuzz{suffix}" in str(error), "the error does not name the file")
        return
    _obeys(batch)


def forecasts(content: bytes) -> None:
    """A file of `newsworld score`: 'p' for parquet, anything else for csv; then it is scored."""
    suffix = ".parquet" if content[:1] == b"p" else ".csv"
    try:
        rows = _as_file(content[1:], suffix, read_forecasts)
    except ForecastFileError as error:
        check(f"fuzz{suffix}" in str(error), "the error does not name the file")
        return
    check(rows["probability"].between(0, 1).all(), "a probability outside [0, 1]")
    check(rows["outcome"].dropna().isin([0, 1]).all(), "an outcome other than 0 and 1")
    check((rows[["forecaster", "question_id"]] != "").all(axis=None), "an empty name")
    if len(rows) <= MOST_SCORED:
        try:
            score_external(rows, n_resamples=10)
        except ScoreInputError as error:
            check(str(error), "an error without words")


CLAIM_COLUMNS = ("claim_id", "statement", "made_at", "resolve_by", "criteria", "verdict",
                 "because", "url")  # fmt: skip


def claims(content: bytes) -> None:
    """JSON of claims through the compiler and the rules, and as a file through its readers.

    What is no JSON is taken for the file itself, parquet or csv.
    """
    try:
        given = json.loads(content)
    except (ValueError, RecursionError):
        given = None
    rows = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    for row in rows:
        _compiled(row)
    if rows:
        content = _csv([[row.get(name, "") for name in CLAIM_COLUMNS] for row in rows])
    suffix = ".parquet" if content.startswith(b"PAR1") else ".csv"
    _as_file(content, suffix, _linted)
    _as_file(content, suffix, _filed)


def _compiled(row: dict[str, Any]) -> None:
    statement, chances = str(row.get("statement", "")), row.get("probability", 0.5)
    if isinstance(chances, int | float):
        try:
            claim = compile_claim(statement, chances, AS_OF, window=str(row.get("window", "")))
        except ValueError:
            if 0 < chances < 1:
                raise
        else:
            due = claim.resolve_by
            check(due is None or due.tzinfo is None, "a deadline with a zone")
            check(claim.findings or due is not None, "a clean claim without a deadline")
    try:
        spec = RuleSpec.model_validate(row.get("spec"))
    except ValidationError:
        return
    counted = tally(spec, articles())
    check(counted.count >= spec.at_least or not counted.met, "a rule that too few articles meet")


def _csv(rows: list[list[Any]]) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(CLAIM_COLUMNS)
    writer.writerows(rows)
    return file.getvalue().encode("utf-8", "surrogatepass")


def _linted(path: Path) -> None:
    try:
        found = lintfile.lint_file(path)
    except lintfile.ClaimFileError as error:
        check(path.name in str(error), "the error does not name the file")
        return
    for claim in found:
        check(all(one["fault"] and one["reason"] for one in claim["findings"]), "no reason")


def _filed(path: Path) -> None:
    for labelled in (False, True):
        try:
            found = claimfile.read_claims(path, labelled=labelled)
        except claimfile.ClaimFileError as error:
            check(path.name in str(error), "the error does not name the file")
            continue
        for claim in found:
            if claim.fault is None:
                assert claim.made_at is not None and claim.resolve_by is not None
                check(claim.made_at < claim.resolve_by, "due before it was made")
                check(claim.resolve_by.tzinfo is None, "a deadline with a zone")
    try:
        verdicts, _ = read_verdicts(path)
    except VerdictFileError as error:
        check(path.name in str(error), "the error does not name the file")
        return
    check(all(one.fault or one.verdict in VERDICTS for one in verdicts), "an unknown verdict")


# ---------------------------------------------------------------- answers of a model


class Parrot:
    """A wire that says what it is given to each prompt."""

    def __init__(self, says: dict[str, str]) -> None:
        self.says = says

    async def send(self, body: dict[str, Any]) -> Reply:
        return Reply(self.says[_prompt(body)], "tool_use", "toy-1", "m1")

    async def count(self, body: dict[str, Any]) -> int | None:
        return None


def _prompt(body: dict[str, Any]) -> str:
    fields = set(body["tools"][0]["input_schema"]["properties"])
    if "what_decides" in fields:
        return "judge"
    if "items" in fields:
        return "digest"
    return "label" if fields == {"label"} else prompt_of(body)


KINDS: dict[bytes, tuple[str, type[BaseModel]]] = {
    b"R": ("report", outputs.Report),
    b"C": ("claim_repair", outputs.ClaimRepair),
    b"P": ("probability", outputs.Probability),
    b"J": ("judge", outputs.Judgement),
    b"D": ("digest", outputs.Digest),
    b"L": ("label", outputs.TopicLabel),
}
UNDECIDABLE = event(statement="Something or other may perhaps happen to the bridge.")


def answers(content: bytes) -> None:
    """An answer through analyst, judge or digest: the first byte says to which prompt.

    Of those that are not even of the type, which are refused alike, one in 16 goes all the way.
    """
    kind, output = KINDS.get(content[:1], KINDS[b"R"])
    said = content[1:].decode("utf-8", "replace")
    asked = Ask("p", "d", "system", "", "ask", output, "i", 100)
    value, faults = faults_of(asked, said)
    check((value is None) == bool(faults), "refused without a reason, or taken with one")
    if value is None and not chosen(content, 16):
        return
    says = {
        "report": json.dumps(report(events=[event(), UNDECIDABLE])),
        "claim_repair": json.dumps({"reason": "none", "event": None}),
        "probability": json.dumps(chance(0.4)),
        "label": json.dumps({"label": "Lindholm"}),
        "digest": json.dumps({"items": []}),
        kind: said,
    }
    client = Client(Parrot(says), "toy-1")
    if kind == "judge":
        frames = vars(asyncio.run(judge_claims([CASE], client, as_of=AFTER, day=AFTER,
                                               code_version="0.1.0")))  # fmt: skip
    elif kind in ("digest", "label"):
        given = [SectionGiven("World", articles())]
        named = [TopicToName("t1", "World", ["Step 1 of the Lindholm bridge"], ["Lindholm"])]
        frames = vars(asyncio.run(write_digests(given, named, client, day=AS_OF, as_of=AS_OF,
                                                asked_at=AS_OF)))  # fmt: skip
    else:
        drafts = asyncio.run(
            draft_reports([topic()], client, NO_SETTLED, as_of=AS_OF, parameters=PARAMETERS)
        )
        frames = vars(analyst_rows(drafts, STAMP, PARAMETERS))
        rows = frames["claims"]
        check(rows["probability"].between(0, 1, inclusive="neither").all(), "a certain claim")
        check((rows["resolve_by"] > rows["made_at"]).all(), "a claim that is due already")
    for frame in frames.values():
        # Kept as they came, for whoever wants to know what was said.
        _storable(frame, but=("raw", "reason"))


# ---------------------------------------------------------------- seeds


def parquet(rows: dict[str, list[Any]]) -> bytes:
    """A small parquet file, its values neither packed nor in a dictionary."""
    file = io.BytesIO()
    pd.DataFrame(rows).to_parquet(file, compression=None)
    return file.getvalue()


def shared_feeds(folder: Path, most: int) -> list[bytes]:
    """Real feeds, and every eighth of feedparser's test cases, of at most so many bytes."""
    found: list[bytes] = []
    for name, step in (("feeds_real/feeds.parquet", 1), ("feeds_feedparser/cases.parquet", 8)):
        if (folder / name).exists():
            found += pd.read_parquet(folder / name, columns=["content"])["content"].tolist()[::step]
    return [content for content in map(bytes, found) if len(content) <= most]


def _jsonl(*rows: dict[str, Any]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


ARTICLE = {"url": "https://e.com/a?utm_x=1", "title": "A &amp; b", "summary": "<p>Words</p>",
           "published": "Sun, 15 Feb 2026 10:00:00 GMT", "first_seen": "2026-02-15T10:00:00+01:00",
           "section": "nation", "source": "E"}  # fmt: skip
CLAIM = {"claim_id": "c1", "statement": "The council of Lindholm votes on the toll by 2026-03-01.",
         "made_at": "2026-02-15", "resolve_by": "within 6 weeks", "criteria": "Yes if it votes.",
         "verdict": "yes", "because": "it voted", "url": "https://e.com/a", "probability": 0.3,
         "window": "by the end of Q2", "spec": {"rule": "trigger", "anchor_id": "a", "at_least": 1,
         "family": "vote", "trigger_terms": ["vote*", "bridge"]}}  # fmt: skip
SCORED: dict[str, list[Any]] = {
    "forecaster": ["base-rate", "me", "base-rate", "me"], "question_id": ["a", "a", "b", "b"],
    "probability": [0.2, 0.4, 0.9, 1e-9], "outcome": [1, 1, 0, None], "group": ["x", "x", "y", "y"],
    "weight": [1, 1, 2.5, 2], "cluster": ["1", "1", "2", "2"],
}  # fmt: skip
JUDGEMENT = {"what_decides": "a report of cars", "reason": "cars crossed it", "verdict": "yes",
             "evidence": [{"number": 1, "quote": "part 1 of the work is done"}]}  # fmt: skip
DIGEST = {"items": [{"headline": "The bridge is nearly done", "text": "Part 3 is done [3].",
                     "sources": [3]}]}  # fmt: skip
AFTER = AS_OF + pd.Timedelta(days=40)
# What the judge reads was seen after the claim was made.
CASE = Case(
    claim_id="c1",
    question_id="q1",
    statement=event()["statement"],
    resolution_criteria=event()["resolution_criteria"],
    made_at=AS_OF,
    resolve_by=AS_OF + pd.Timedelta(days=30),
    articles=articles().assign(first_seen_at=AS_OF + pd.Timedelta(days=7)),
)
FEEDS = (
    b"<rss version='2.0'><channel><title>T</title><item><title>A &amp;amp; b</title>"
    b"<link>https://e.com/a</link><guid isPermaLink='true'>https://e.com/a</guid>"
    b"<pubDate>Sun, 15 Feb 2026 10:00:00 GMT</pubDate><description>&lt;p&gt;x</description>"
    b"</item></channel></rss>",
    b"<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><entry><id>1</id>"
    b"<title type='xhtml'><div>x</div></title><link href='/a' rel='alternate'/>"
    b"<updated>2026-02-15T10:00:00Z</updated><content type='html'>&lt;b&gt;</content>"
    b"</entry></feed>",
    b'{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[{"id":"1",'
    b'"url":"https://e.com/a","title":"x","content_html":"<p>x","date_published":"2026-02-15"}]}',
)


def seeds(name: str, shared: Path | None, most: int) -> list[bytes]:
    """Inputs to begin with; those of feeds from the shared data too, up to `most` bytes each."""
    if name == "feeds":
        return [*FEEDS, *(shared_feeds(shared, most) if shared else [])]
    if name == "imports":
        table = {column: [value, value] for column, value in ARTICLE.items()}
        lines = _jsonl(ARTICLE, ARTICLE | {"url": "https://e.com/b", "first_seen": "1771149600"})
        text = ",".join(ARTICLE).encode() + b"\n" + b'https://e.com/a,"x, y",,2026,,,\n' * 2
        return [
            b"c" + text,
            b"j" + lines,
            b"p" + parquet(table),
            b"p" + parquet({"url": ["https://e.com/a"], "title": ["x"], "first_seen": [NOW]}),
            b"C" + gzip.compress(text),
            b"J" + gzip.compress(lines),
        ]
    if name == "forecasts":
        frame = pd.DataFrame(SCORED)
        return [
            b"c" + frame.to_csv(index=False).encode(),
            b"c" + frame[["forecaster", "question_id", "probability", "outcome"]]
            .to_csv(index=False).encode(),
            b"p" + parquet(SCORED),
        ]  # fmt: skip
    if name == "claims":
        rows = [CLAIM, CLAIM | {"claim_id": "c2", "made_at": "2026-02-15T10:00:00+02:00",
                                "statement": "Will NASA launch 3 rockets?"}]  # fmt: skip
        return [
            json.dumps(rows).encode(),
            _csv([[row[column] for column in CLAIM_COLUMNS] for row in rows]),
            parquet({column: [str(row[column]) for row in rows] for column in CLAIM_COLUMNS}),
        ]
    said = {b"R": report(), b"C": {"reason": "put right", "event": event()}, b"P": chance(0.3),
            b"J": JUDGEMENT, b"D": DIGEST, b"L": {"label": "Bridge"}}  # fmt: skip
    return [kind + json.dumps(answer).encode() for kind, answer in said.items()]


@dataclass(frozen=True)
class Target:
    """What is fuzzed: the function, the largest input in bytes, and words that its inputs hold."""

    run: Callable[[bytes], None]
    most: int
    words: tuple[str, ...]


TAGS = (
    "rss", "channel", "item", "title", "link", "guid", "description", "pubDate", "feed", "entry",
    "id", "updated", "content", "summary", "author", "rdf:RDF", "media:title", "content:encoded",
)  # fmt: skip
HARD = (
    "<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE rss [", "<!ENTITY a 'b'>", "&a;", "&#0;",
    "&eacute;", "<?xml version='1.0' encoding='utf-7'?>", ' type="xhtml"', "\x00", "{", '"',
)  # fmt: skip
CELLS = ("https://e.com/a", "2026-01-05", "1e400", "NaN", "-1", "99999-01-01", '"', "\x00", "inf",
         "\\ud800", "\\u0000", "-0", "1_0", "2026-02-30", "within 1e9 days")  # fmt: skip
TARGETS = {
    "feeds": Target(feeds, 20_000, (*(f"<{tag}>" for tag in TAGS), *HARD, "[1]", "xml:base=")),
    "imports": Target(imports, 6_000, (*CELLS, *ARTICLE, "\ufeff", "[", "null")),
    "claims": Target(claims, 4_000, (*CELLS, *CLAIM, "by the end of", "next", "within", "days")),
    "answers": Target(answers, 6_000, (*CELLS, "null", "[99]", "[1-3]", "2026-03-14")),
    "forecasts": Target(forecasts, 4_000, (*CELLS, *SCORED, "base-rate", "\ufeff")),
}
