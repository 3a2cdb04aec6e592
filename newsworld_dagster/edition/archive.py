"""The frames of an edition as indexes that pages look up.

Whatever holds across rows (order, rank, which page lists an article) is worked out here over whole
columns and becomes a column or a table of its own, so that a page that looks it up depends on it
and on nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from newsworld_dagster.edition import paths
from newsworld_dagster.edition.derived import (
    article_lists,
    brief_rows,
    last_day,
    latest_threads,
    numbers,
    relatives,
    status,
    uses,
)
from newsworld_dagster.edition.lookups import (
    Index,
    Notes,
    Record,
    Table,
    day_names,
    mapped,
    names_of,
    plain,
    week_names,
)
from newsworld_dagster.edition.rows import Row

BASELINE = "base-rate"
# Reports on a numbered page of the list.
A_PAGE = 60
# A picture takes 20 ms, a page less than one: only new predictions have their own.
FRESH_DAYS = 7
# What stays the same when a question is asked again.
FAMILY = ("topic_id", "template", "window_days")
# Topics in the news.
AWAKE = ("emerging", "active")


@dataclass(frozen=True)
class Given:
    """What an edition is made from.

    Attributes
    ----------
    as_of
        UTC moment of the newest edition.
    frames
        From `Reader.edition_frames`.
    preferred
        Forecasters, the one whose probability stands for a question first; others follow, and
        `base-rate`, which is the yardstick, comes last.
    charts
        SVG by name, dark ones under NAME-dark: reliability of each forecaster and what else the
        scorecard shows. What a chart says is in its `Chart.alt`.
    site_url
        Where the edition will be found, for feeds and cards, which need whole addresses.
    """

    as_of: pd.Timestamp
    frames: Mapping[str, pd.DataFrame]
    preferred: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    site_url: str = "http://127.0.0.1:8000/"


@dataclass(frozen=True)
class Chart:
    """A chart as a still picture for light and dark, with what it shows in words."""

    name: str
    title: str
    alt: str
    light: str
    dark: str


class Archive:
    """Everything that pages look up.

    A page reads indexes, its key, and nothing else; `rank`, `facts` and the like are for keys.

    Parameters
    ----------
    given
        What the edition is made from.

    Attributes
    ----------
    questions, asked, claims
        Claims by question, the preferred forecaster's first; the question of a claim; claims by id.
    claims_of
        Claims by report, likeliest first: those of its own forecaster. The yardstick's answers to
        an analyst's questions are kept under the analyst's report.
    families
        The leading claim of each question, by what stays the same when it is asked again.
    due, settled
        Leading claims by section: still open, the next deadline first; settled, the latest first.
    reports, reports_by_day, desks
        Reports by id, by day, by topic and moment: newest first, the preferred forecaster's first.
    leading, leading_by_day, leading_by_page
        One report a topic and moment, by the most preferred forecaster, newest first: by section,
        by day, and by numbered page, of which the first has the oldest.
    briefs, fates
        What lists say of each report; what became of its claims, and the first of their deadlines.
    relatives
        For each report the nearest of the same forecaster and the week before, of other topics.
    cards
        Reports that have a picture of their own: leading ones of the last days.
    articles, articles_by_page, lists
        Articles by id and by the page that lists them; those pages with the pages beside them.
    uses
        Articles with the questions that cite them, by the page that lists the article.
    topics, awake
        Topics by id, as they are now; by section those in the news.
    timelines, steps, named
        Entries by topic: all (steps, open claims, settled claims, each oldest first); steps alone;
        none, only whether there are any.
    threads
        One row a topic with a timeline, with its counts, the latest first.
    editions, edition_days, digests, digest_list, trending
        By day; by day and period; by day and section. Of `edition_days` only the day is read, so
        that a page can tell whether there is an edition and depend on no more.
    weeks, predictions_found, claims_found, stories_found, articles_found
        What the search finds, by the week of its date.
    """

    def __init__(self, given: Given) -> None:
        self.as_of = given.as_of
        self.charts = given.charts
        self.site_url = given.site_url
        self.notes = Notes()
        self._frames = {name: frame.reset_index(drop=True) for name, frame in given.frames.items()}
        self._preferred = given.preferred
        self._add_claims()
        self._add_reports()
        self._add_articles()
        self._add_topics()
        self._add_days()
        self._add_record()

    @cached_property
    def rank(self) -> dict[str, int]:
        """Place of each forecaster, the most preferred first, the yardstick last."""
        preferred = [name for name in self._preferred if name != BASELINE]
        names = set(self._frames["claims"]["forecaster"].unique())
        others = sorted(names - {*preferred, BASELINE})
        ordered = [*preferred, *others, BASELINE]
        return {name: place for place, name in enumerate(ordered) if name in names}

    @cached_property
    def facts(self) -> Row:
        """What the paper counts of itself."""
        articles = self._frames["articles"]
        return {
            "articles": len(articles),
            "publishers": articles["publisher"].nunique(),
            "questions": self._frames["claims"]["question_id"].nunique(),
            "forecasters": list(self.rank),
            "analyst": len(self._frames["analyses"]) > 0,
        }

    @cached_property
    def newest(self) -> str | None:
        """The day of the newest edition."""
        return next(iter(self.editions), None)

    @cached_property
    def newest_digest(self) -> str | None:
        """The key of the newest digest of a day."""
        daily = (name for name in self.digests if name == day_key(name[:10], "daily"))
        return next(daily, None)

    def _index(
        self, name: str, table: Table, keys: str | np.ndarray, places: np.ndarray | None = None
    ) -> Index:
        return Index(name, table, keys, self.notes, places)

    def _add_claims(self) -> None:
        frame = self._frames["claims"]
        frame = frame.assign(status=status(frame, self.as_of), last_day=last_day(frame))
        table = Table(frame)
        seq = frame["seq"].to_numpy()
        ranks = frame["forecaster"].map(self.rank).to_numpy(dtype=int)
        ordered = np.lexsort((seq, ranks))
        # Questions in the order in which the ledger first has them, each with its leading claim.
        codes, _ = pd.factorize(frame["question_id"])
        leading = ordered[np.unique(codes[ordered], return_index=True)[1]]
        self.questions = self._index("questions", table, "question_id", ordered)
        self.claims = self._index("claims", table, "claim_id")
        asked = Table(frame[["claim_id", "question_id"]])
        self.asked = self._index("asked", asked, "claim_id")
        families = names_of(family_key, [frame[name] for name in FAMILY])
        self.families = self._index("families", table, families, leading)
        mine = frame.iloc[leading]
        self._fates = mapped(mine, "question_id", "status")
        still = leading[mine["status"].isin(["open", "overdue"]).to_numpy()]
        last = numbers(frame["last_day"])
        self.due = self._index(
            "due", table, "section", still[np.lexsort((seq[still], last[still]))]
        )
        over = leading[(mine["verdict"].notna() & (mine["verdict"] != "")).to_numpy()]
        decided = -numbers(frame["decided_at"])
        over = over[np.lexsort((seq[over], decided[over]))]
        self.settled = self._index("settled", table, "section", over)
        self.claims_found = self._index(
            "claims_found", table, week_names(frame["made_at"]), leading
        )
        reports = self._frames["reports"]
        author = mapped(reports, "report_id", "forecaster")
        own = np.flatnonzero(frame["report_id"].map(author).eq(frame["forecaster"]).to_numpy(bool))
        self._own = frame.iloc[own]
        likeliest = own[np.lexsort((seq[own], -frame["probability"].to_numpy(float)[own]))]
        self.claims_of = self._index("claims_of", table, "report_id", likeliest)
        self._uses = uses(mine)

    def _add_reports(self) -> None:
        # Let go of: nothing else reads the vectors, the largest column of all.
        raw = self._frames.pop("reports")
        raw = raw[raw["report_id"].isin(list(self.claims_of))]
        related = Table(relatives(raw))
        self.relatives = self._index("relatives", related, "report_id")
        ranks = raw["forecaster"].map(self.rank).to_numpy(dtype=int)
        order = np.lexsort((ranks, -numbers(raw["as_of"])))
        frame = raw.drop(columns="vector").iloc[order].reset_index(drop=True)
        table = Table(frame)
        self.reports = self._index("reports", table, "report_id")
        told, fates = brief_rows(frame, self._own, self._frames["analyses"])
        self.briefs = self._index("briefs", Table(told), "report_id")
        self.fates = self._index("fates", Table(fates), "report_id")
        days = day_names(frame["day"])
        self.reports_by_day = self._index("reports_by_day", table, days)
        desk = names_of(desk_key, [frame["topic_id"], frame["as_of"]])
        names = Table(frame[["report_id", "forecaster"]])
        self.desks = self._index("desks", names, desk)
        first = np.flatnonzero(~frame.duplicated(["topic_id", "as_of"]).to_numpy())
        weight = -frame["significance"].fillna(0).to_numpy(dtype=float)
        leading = first[np.lexsort((weight[first], -numbers(frame["as_of"])[first]))]
        self.leading = self._index("leading", table, "section", leading)
        self.leading_by_day = self._index("leading_by_day", table, days, leading)
        page = np.zeros(len(frame), dtype=object)
        page[leading[::-1]] = np.arange(len(leading)) // A_PAGE + 1
        self.leading_by_page = self._index("leading_by_page", table, page, leading)
        fresh = leading[
            (frame["as_of"] > self.as_of - pd.Timedelta(days=FRESH_DAYS)).to_numpy()[leading]
        ]
        self.cards = self._index("cards", Table(frame[["report_id"]]), "report_id", fresh)
        weeks = week_names(frame["as_of"])
        self.predictions_found = self._index("predictions_found", table, weeks, leading)

    def _add_articles(self) -> None:
        frame = self._frames["articles"]
        page, lists = article_lists(frame["day"])
        frame = frame.assign(page=page)
        table = Table(frame)
        self.articles = self._index("articles", table, "article_id")
        # A page of articles tells of hundreds: all that it says of them is one look each.
        topics = self._frames["topics"]
        labels = mapped(topics, "topic_id", "label")
        listed = frame.assign(
            label=frame["topic_id"].map(labels),
            timeline=frame["topic_id"].isin(self._frames["axis"]["topic_id"]),
        )
        self.articles_by_page = self._index("articles_by_page", Table(listed), "page")
        page_of = mapped(frame, "article_id", "page")
        uses = self._uses.assign(page=self._uses["article_id"].map(page_of))
        self.uses = self._index("uses", Table(uses), "page")
        self.lists = self._index("lists", Table(lists), "page")
        originals = np.flatnonzero(~frame["copy"].to_numpy(dtype=bool))
        weeks = week_names(frame["first_seen_at"])
        self.articles_found = self._index("articles_found", table, weeks, originals)

    def _add_topics(self) -> None:
        topics, axis = self._frames["topics"], self._frames["axis"]
        self.topics = self._index("topics", Table(topics), "topic_id")
        table = Table(axis)
        self.timelines = self._index("timelines", table, "topic_id")
        steps = (axis["kind"] == "step").to_numpy(dtype=bool)
        self.steps = self._index("steps", table, "topic_id", np.flatnonzero(steps))
        claims = self._frames["claims"]
        question = mapped(claims, "claim_id", "question_id")
        still = [
            not step and self._fates.get(question.get(claim)) == "open"
            for step, claim in zip(steps, plain(axis["claim_id"]), strict=True)
        ]
        threads = latest_threads(axis.assign(step=steps, still=np.array(still, dtype=bool)), topics)
        table = Table(threads)
        self.named = self._index("named", Table(threads[["topic_id"]]), "topic_id")
        self.threads = self._index("threads", table, "topic_id")
        told = np.flatnonzero(threads["known"].to_numpy(dtype=bool))
        weeks = week_names(threads["last"])
        self.stories_found = self._index("stories_found", table, weeks, told)
        live = told[threads["lifecycle"].isin(AWAKE).to_numpy()[told]]
        ids = threads["topic_id"].to_numpy(dtype=str)[live]
        live = live[np.lexsort((ids, -numbers(threads["last"])[live]))]
        self.awake = self._index("awake", table, "section", live)

    def _add_days(self) -> None:
        editions = self._frames["editions"].iloc[::-1].reset_index(drop=True)
        names = day_names(editions["day"])
        editions = editions.assign(
            name=names,
            newer=[None, *names[:-1]][: len(names)],
            older=[*names[1:], None][: len(names)],
            reports=[self.leading_by_day.size(name) for name in names],
        )
        self.editions = self._index("editions", Table(editions), "name")
        self.edition_days = self._index("edition_days", Table(editions[["name"]]), "name")
        digests = self._frames["digests"]
        keys = names_of(day_key, [day_names(digests["day"]), digests["period"]])
        _, codes, counts = np.unique(keys.astype(str), return_inverse=True, return_counts=True)
        newest = np.argsort(-codes, kind="stable")
        self.digests = self._index("digests", Table(digests), keys, newest)
        first = digests.iloc[newest].drop_duplicates(["day", "period"])[["day", "period"]]
        listed = Table(first.assign(items=counts[::-1]).reset_index(drop=True))
        self.digest_list = self._index("digest_list", listed, "period")
        trending = self._frames["trending"]
        keys = names_of(day_key, [day_names(trending["day"]), trending["section"]])
        self.trending = self._index("trending", Table(trending), keys)

    def _add_record(self) -> None:
        self.texts = self._index("texts", Table(self._frames["texts"]), "report_id")
        self.overruled = self._index("overruled", Table(self._frames["overruled"]), "claim_id")
        card = self._frames["scorecard"]
        ranks = card["forecaster"].map(self.rank).fillna(len(self.rank)).to_numpy(dtype=int)
        self.scorecard = self._index(
            "scorecard", Table(card), "by", np.argsort(ranks, kind="stable")
        )
        scored = self._frames["scored"]
        scored = scored[scored["forecaster"] != BASELINE]
        scored = scored.sort_values(["brier", "claim_id"], ascending=[False, True])
        self.misses = self._index("misses", Table(scored.reset_index(drop=True)), "forecaster")
        found = (
            self.predictions_found,
            self.claims_found,
            self.stories_found,
            self.articles_found,
        )
        weeks = sorted({week for index in found for week in index}, reverse=True)
        counts = [sum(index.size(week) for index in found) for week in weeks]
        table = Table(pd.DataFrame({"week": weeks, "documents": counts}))
        self.weeks = self._index("weeks", table, "week")

    def topic_path(self, topic_id: str | None) -> str | None:
        """A topic's timeline, where it has one."""
        return paths.topic(topic_id) if topic_id and topic_id in self.named else None

    def article_path(self, row: Record) -> str:
        """An article's place in the list of its day."""
        return paths.article(row["page"], row["article_id"])

    def question_path(self, claim_id: str | None) -> str | None:
        """The page of a claim, where there is one."""
        row = self.asked.one(claim_id)
        return paths.question(row["question_id"]) if row else None

    def report_path(self, report_id: str | None) -> str | None:
        """The page of a report, where there is one."""
        return paths.report(report_id) if report_id and report_id in self.reports else None

    def cited(self, sources: list[Row]) -> list[Row]:
        """Sources with the article behind each: publisher, title, link, date, place."""
        # Kept with what is made of it, so that its identity can name no other list meanwhile.
        found: list[Row]
        _, found = self.notes.shared(
            ("cited", id(sources)),
            lambda: (sources, [self._with_article(source) for source in sources]),
        )
        return found

    def _with_article(self, source: Row) -> Row:
        article = self.articles.one(source.get("article_id"))
        return {
            "number": source.get("number"),
            "note": source.get("note", ""),
            "independent": source.get("independent", True),
            "publisher": article["publisher"] if article else source.get("publisher", ""),
            "title": article["title"] if article else "An article that is no longer kept",
            "url": article["url"] if article else None,
            "date": article["first_seen_at"] if article else None,
            "path": self.article_path(article) if article else None,
        }


def family_key(topic_id: str, template: str, window_days: int) -> str:
    """The key of the questions that ask the same with another deadline."""
    return f"{topic_id} {template} {window_days}"


def day_key(day: str | None, kind: str) -> str:
    """The key of what there is of one kind for a day, YYYY-MM-DD."""
    return f"{day} {kind}"


def desk_key(topic_id: str, as_of: pd.Timestamp) -> str:
    """The key of the reports that several forecasters made of a topic at a moment."""
    return f"{topic_id} {as_of.isoformat()}"
