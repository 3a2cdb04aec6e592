"""The analyst and the judge in the day's step, where there is a language model to ask.

A language model takes minutes, so nothing is held while it is asked: read, ask, then write.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import pandas as pd

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

WINDOW_DAYS = 28


def parameters_of(world: World) -> AnalystParameters:
    """What the settings say of a report."""
    return AnalystParameters(samples=world.settings.llm_samples)


def topics_given(
    world: World, reader: Reader, day: pd.Timestamp
) -> tuple[pd.Timestamp, list[TopicGiven]] | None:
    """The topics that the analyst is still to report on, and the moment to do it as of.

    The moment is that of the desk's edition, so that a later run of the same day asks the same
    again, and finds the answers that were paid for. None once the analyst's day is sealed, and
    where the desk made no edition.
    """
    seals = reader.editions_of(day).set_index("forecaster")
    if coverage.NAME not in seals.index or ANALYST in seals.index:
        return None
    moment = pd.Timestamp(seals.loc[coverage.NAME, "as_of"])
    topics = reader.desk_topics(day, coverage.NAME).head(world.settings.llm_topics)
    topics = topics[~topics["topic_id"].isin(reader.reported_topics(day, ANALYST))]
    window = reader.live_window(day, moment, WINDOW_DAYS)
    open_claims = reader.open_claims(moment)
    open_claims = open_claims[open_claims["resolver"] == "judge"].drop_duplicates("question_id")
    return moment, [
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
        given = topics_given(world, reader, day)
        if given is None:
            return None
        moment, topics = given
        settled = reader.settled_questions(moment, "judge")
    drafts = ask_analyst(world, topics, settled, as_of=moment, backfill=backfill)
    stamp = Stamp(day, moment, phase, world.code_version, world.clock())
    made = analyst_rows(drafts, stamp, parameters_of(world))
    with world.warehouse.write() as writer:
        if topics_given(world, writer, day) is None or (
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
    return world.ask(
        lambda model: draft_reports(
            topics,
            model,
            settled,
            as_of=as_of,
            parameters=parameters_of(world),
            already_reported=functools.partial(_already_reported, world),
        ),
        backfill=backfill,
    )


def _already_reported(world: World, statement: str, articles: pd.DataFrame) -> str | None:
    with world.warehouse.read() as reader:
        vectors = reader.vectors(world.encoder.name, articles["content_digest"])
    return already_reported(statement, articles, vectors, world.encoder.encode)


def _append(writer: Writer, made: Analyses, settled: pd.DataFrame, stamp: Stamp) -> None:
    """Everything of one asking, in the transaction of `writer`."""
    writer.append("forecasts.reports", made.reports)
    writer.append("forecasts.analyses", made.analyses)
    writer.append("forecasts.report_texts", made.texts)
    writer.append("forecasts.samples", made.samples)
    writer.append("forecasts.refusals", made.refusals)
    writer.append("forecasts.model_calls", made.calls)
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
    return list(
        choose_cases(
            questions,
            articles,
            reader.vectors(world.encoder.name, articles["content_digest"]),
            world.encoder.encode,
            as_of=moment,
            days_with_news=reader.article_days(moment),
            policy=policy,
        )
    )


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
