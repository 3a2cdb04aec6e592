"""The analyst and the judge in the day's step, where there is a language model to ask.

A language model takes minutes, so nothing is held while it is asked: read, ask, then write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from newsworld_dagster.contracts.vocabulary import LIVE_DAYS
from newsworld_dagster.defs.world import World
from newsworld_dagster.forecasting import (
    ANALYST,
    Analyses,
    AnalystParameters,
    Stamp,
    TopicDraft,
    TopicGiven,
    analyst_rows,
    chain,
    coverage,
    draft_reports,
    event_rate_claims,
)
from newsworld_dagster.forecasting.analyst import AlreadyReported
from newsworld_dagster.forecasting.ledger import digest
from newsworld_dagster.resolution import (
    Case,
    Judged,
    JudgingPolicy,
    already_reported,
    choose_cases,
    judge_claims,
)
from newsworld_dagster.warehouse import Reader, Writer

# Of a page that was read in full; what decides a claim rarely stands further down.
JUDGED_CHARACTERS = 4_000
NO_DIGESTS = pd.Series([], dtype=str, name="content_digest")


def parameters_of(world: World) -> AnalystParameters:
    """What the settings say of a report."""
    return AnalystParameters(samples=world.settings.llm_samples)


def moment_to_report(reader: Reader, day: pd.Timestamp) -> pd.Timestamp | None:
    """The moment that the analyst reports as of; None once its day is sealed.

    It is that of the desk's edition, so that a later run of the same day asks the same again, and
    finds the answers that were paid for. None too where the desk made no edition.
    """
    seals = reader.editions_of(day).set_index("forecaster")
    if coverage.NAME not in seals.index or ANALYST in seals.index:
        return None
    return pd.Timestamp(seals.loc[coverage.NAME, "as_of"])


def topics_given(
    world: World, reader: Reader, day: pd.Timestamp, moment: pd.Timestamp
) -> list[TopicGiven]:
    """The topics that the analyst is still to report on, as of its moment."""
    topics = reader.desk_topics(day, coverage.NAME).head(world.settings.llm_topics)
    topics = topics[~topics["topic_id"].isin(reader.reported_topics(day, ANALYST))]
    window = reader.live_window(day, moment, LIVE_DAYS)
    open_claims = reader.open_claims(moment)
    open_claims = open_claims[open_claims["resolver"] == "judge"].drop_duplicates("question_id")
    return [
        TopicGiven(
            topic_id=topic.topic_id,
            label=topic.topic_label,
            section=topic.section,
            articles=window[window["topic_id"] == topic.topic_id],
            open_statements=list(
                open_claims.loc[open_claims["topic_id"] == topic.topic_id, "statement"]
            ),
        )
        for topic in topics.itertuples()
    ]


def analyse(world: World, day: pd.Timestamp, phase: str, *, backfill: bool) -> Analyses | None:
    """Append the analyst's reports of a day; None where there is nothing more to ask.

    Topics that could not be finished are left to a later run of the day, which is sealed only
    when there are none.
    """
    with world.warehouse.read() as reader:
        moment = moment_to_report(reader, day)
        if moment is None:
            return None
        topics = topics_given(world, reader, day, moment)
        settled = reader.settled_questions(moment, "judge")
    drafts = ask_analyst(world, topics, settled, as_of=moment, backfill=backfill)
    stamp = Stamp(day, moment, phase, world.code_version, world.clock())
    made = analyst_rows(drafts, stamp, parameters_of(world))
    with world.warehouse.write() as writer:
        # What was paid for is on a row, whatever becomes of the reports.
        writer.append("forecasts.model_calls", made.calls)
        if moment_to_report(writer, day) is None or (
            set(made.reports["topic_id"]) & writer.reported_topics(day, ANALYST)
        ):
            # Another run was quicker: its reports stand.
            return None
        _append(writer, made, settled, stamp)
    return made


def ask_analyst(
    world: World,
    topics: Sequence[TopicGiven],
    settled: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    backfill: bool,
) -> list[TopicDraft]:
    """Drafts of reports by the world's language model."""
    reported = _already_reported(world, topics)
    return world.ask(
        lambda model: draft_reports(
            topics,
            model,
            settled,
            as_of=as_of,
            parameters=parameters_of(world),
            already_reported=reported,
        ),
        backfill=backfill,
    )


def _already_reported(world: World, topics: Sequence[TopicGiven]) -> AlreadyReported:
    """What finds a passage that reports a statement; the vectors are read before it is asked."""
    digests = pd.concat([topic.articles["content_digest"] for topic in topics] or [NO_DIGESTS])
    digests = digests.drop_duplicates()
    with world.warehouse.read() as reader:
        vectors = reader.vectors(world.encoder.name, digests)
    place = pd.Series(range(len(digests)), index=digests)

    def found(statement: str, articles: pd.DataFrame) -> str | None:
        own = vectors[place.loc[articles["content_digest"]].to_numpy()]
        return already_reported(statement, articles, own, world.encoder.encode)

    return found


def _append(writer: Writer, made: Analyses, settled: pd.DataFrame, stamp: Stamp) -> None:
    """Reports, claims and, where no topic is left, the seal, in the transaction of `writer`."""
    writer.append("forecasts.reports", made.reports)
    writer.append("forecasts.analyses", made.analyses)
    writer.append("forecasts.report_texts", made.texts)
    writer.append("forecasts.samples", made.samples)
    writer.append("forecasts.refusals", made.refusals)
    answers = pd.concat([event_rate_claims(made.claims, settled), made.claims])
    writer.append("forecasts.claims", chain(answers, writer.ledger_head()))
    if len(made.unfinished):
        return
    # Of the whole day, as earlier runs may have made a part of it.
    whole = writer.analysed(stamp.day, ANALYST)
    seal = {
        "forecaster": ANALYST,
        "day": stamp.day,
        "as_of": stamp.as_of,
        "phase": stamp.phase,
        "claims": whole.claims,
        "refused": whole.refused,
        "fitted_on": len(settled),
        "input_digest": digest(*whole.inputs),
        "code_version": stamp.code_version,
    }
    writer.append("forecasts.editions", pd.DataFrame([seal]))


def cases_of(world: World, reader: Reader, moment: pd.Timestamp) -> list[Case]:
    """What the judge is to be asked as of a moment."""
    policy = JudgingPolicy()
    questions = reader.judge_questions(moment, policy.late_days)
    if questions.empty:
        return []
    articles = reader.articles_as_of(moment, questions["made_at"].min())
    return [
        replace(case, articles=with_full_texts(reader, case.articles, moment))
        for case in choose_cases(
            questions,
            articles,
            reader.vectors(world.encoder.name, articles["content_digest"]),
            world.encoder.encode,
            as_of=moment,
            days_with_news=reader.article_days(moment),
            policy=policy,
        )
    ]


def with_full_texts(reader: Reader, articles: pd.DataFrame, moment: pd.Timestamp) -> pd.DataFrame:
    """Articles with the beginning of their page for a summary, where it was read by a moment."""
    texts = reader.full_texts(articles["article_id"], moment).str.slice(0, JUDGED_CHARACTERS)
    found = articles["article_id"].map(texts)
    return articles.assign(summary=found.where(found.notna(), articles["summary"]))


def judge(
    world: World, day: pd.Timestamp, moment: pd.Timestamp, *, backfill: bool
) -> Judged | None:
    """Append what the judge decides as of a moment; None where nothing was to be asked."""
    with world.warehouse.read() as reader:
        cases = cases_of(world, reader, moment)
    if not cases:
        return None
    found = ask_judge(world, cases, day, as_of=moment, backfill=backfill)
    with world.warehouse.write() as writer:
        writer.append("outcomes.resolutions", found.resolutions)
        writer.append("outcomes.judge_queue", found.queue)
        writer.append("forecasts.model_calls", found.calls)
    return found


def ask_judge(
    world: World,
    cases: Sequence[Case],
    day: pd.Timestamp,
    *,
    as_of: pd.Timestamp,
    backfill: bool,
) -> Judged:
    """What the world's language model decides."""
    return world.ask(
        lambda model: judge_claims(
            cases,
            model,
            as_of=as_of,
            day=day,
            code_version=world.code_version,
            asked_at=world.clock(),
        ),
        backfill=backfill,
    )
