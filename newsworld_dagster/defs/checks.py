"""Asset checks: thin adapters over the checks of the rooms."""

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from newsworld_dagster.articles.health import evaluate_contract, evaluate_feeds, evaluate_volume
from newsworld_dagster.contracts.findings import CheckFinding
from newsworld_dagster.defs.articles import articles
from newsworld_dagster.defs.digests import DIGESTS, TIMELINES
from newsworld_dagster.defs.learning import INCONSISTENCIES_KEY
from newsworld_dagster.defs.ledger import CLAIMS, HEADS, REFUSALS, RESOLUTIONS
from newsworld_dagster.defs.limits import limited
from newsworld_dagster.defs.signing import beyond_the_chain
from newsworld_dagster.defs.stories import ASSIGNMENTS, LINEAGE, TOPICS
from newsworld_dagster.defs.trending import TRENDING
from newsworld_dagster.defs.world import World
from newsworld_dagster.forecasting import LEARNED, verify
from newsworld_dagster.forecasting.health import (
    evaluate_chain,
    evaluate_claims,
    evaluate_consistency,
    evaluate_point_in_time,
    evaluate_refusals,
)
from newsworld_dagster.resolution.health import evaluate_overdue, evaluate_verdict_order
from newsworld_dagster.stories.digest_health import (
    evaluate_repeats,
    evaluate_seen,
    evaluate_sources,
    evaluate_verbatim,
)
from newsworld_dagster.stories.health import (
    evaluate_drift,
    evaluate_labels,
    evaluate_lifecycle,
    evaluate_singletons,
    evaluate_sizes,
    evaluate_steadiness,
    evaluate_trending,
)


def as_result(
    name: str, found: CheckFinding, asset: dg.AssetKey | None = None, *, warn: bool = False
) -> dg.AssetCheckResult:
    """A finding as the result of a check; a warning where it fails and `warn` says so."""
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=name,
        passed=found.passed,
        severity=dg.AssetCheckSeverity.WARN if warn else dg.AssetCheckSeverity.ERROR,
        description=found.reason,
        metadata=found.figures,
    )


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            "contract", asset=articles, blocking=True, description="Rows meet the contract."
        ),
        dg.AssetCheckSpec(
            "volume", asset=articles, description="The last day brought as much as usual."
        ),
        dg.AssetCheckSpec("feeds", asset=articles, description="Few feeds fail."),
    ]
)
@limited
def article_checks(world: dg.ResourceParam[World]) -> Iterator[dg.AssetCheckResult]:
    """Contract, volume and feed health."""
    with world.warehouse.read() as reader:
        met = evaluate_contract(
            reader.parts("news.articles"), reader.repeated("news.articles", "article_id")
        )
        per_day = reader.day_counts("news.articles")
        state = reader.table("news.feed_state")
    yield as_result("contract", met, articles.key)
    yield as_result("volume", evaluate_volume(per_day), articles.key, warn=True)
    yield as_result("feeds", evaluate_feeds(state), articles.key, warn=True)


@dg.asset_check(
    asset=ASSIGNMENTS, name="singletons", description="Not all stories hold one article."
)
@limited
def singletons(world: dg.ResourceParam[World]) -> dg.AssetCheckResult:
    """Share of stories with one article, over the last two weeks."""
    with world.warehouse.read() as reader:
        days = reader.article_days()
        sizes = reader.story_sizes(days[max(0, len(days) - 14)], days[-1]) if days else None
    if sizes is None:
        return as_result("singletons", CheckFinding(True, "there are no stories yet"), warn=True)
    return as_result("singletons", evaluate_singletons(sizes), warn=True)


@dg.asset_check(
    asset=ASSIGNMENTS, name="sizes", description="Stories are of the sizes of the week before."
)
@limited
def sizes(world: dg.ResourceParam[World]) -> dg.AssetCheckResult:
    """Sizes of the last seven days beside those of the seven before."""
    with world.warehouse.read() as reader:
        last = reader.last_story_day()
        if last is None:
            return as_result("sizes", CheckFinding(True, "there are no stories yet"), warn=True)
        end = last + pd.Timedelta(days=1)
        found = evaluate_sizes(
            reader.week_sizes(end), reader.week_sizes(end - pd.Timedelta(days=7))
        )
    return as_result("sizes", found, warn=True)


@dg.asset_check(
    asset=LINEAGE,
    name="steadiness",
    description="Few moves between stories lead an article back.",
)
@limited
def steadiness(world: dg.ResourceParam[World]) -> dg.AssetCheckResult:
    """The moves of the last thirty days."""
    with world.warehouse.read() as reader:
        end = (reader.last_story_day() or pd.Timestamp(0)) + pd.Timedelta(days=1)
        found = evaluate_steadiness(reader.story_moves(end - pd.Timedelta(days=30), end))
    return as_result("steadiness", found, warn=True)


@dg.asset_check(
    asset=TRENDING, name="strip", description="A day of news has a strip, and it says something."
)
@limited
def strip(world: dg.ResourceParam[World]) -> dg.AssetCheckResult:
    """The strip of the last day that was made, beside the one before."""
    with world.warehouse.read() as reader:
        last = reader.last_story_day()
        if last is None:
            return as_result("strip", CheckFinding(True, "there are no stories yet"), warn=True)
        before = last - pd.Timedelta(days=1)
        usual = pd.date_range(last - pd.Timedelta(days=29), last - pd.Timedelta(days=2))
        found = evaluate_trending(
            reader.trending(last),
            reader.trending(before),
            articles=reader.count("news.articles", [before, last]),
            history=reader.count("news.articles", list(usual)),
        )
    return as_result("strip", found, warn=True)


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            "labels", asset=TOPICS, description="Two to five telling words, unique, as printed."
        ),
        dg.AssetCheckSpec(
            "lifecycle", asset=TOPICS, description="Topics by stage; some are emerging or active."
        ),
        dg.AssetCheckSpec(
            "drift",
            asset=TOPICS,
            description="Few live topics turned from what they were last week.",
        ),
    ]
)
@limited
def topic_checks(world: dg.ResourceParam[World]) -> Iterator[dg.AssetCheckResult]:
    """Labels, stages and drift of the topics as the last described day left them."""
    with world.warehouse.read() as reader:
        as_of = reader.topics_end()
        topics = reader.topics_as_of(as_of, vectors=False)
        cosines = reader.topic_drift(as_of)
    live = topics[~topics["lifecycle"].isin(["dormant", "closed"])]
    yield as_result("labels", evaluate_labels(live), TOPICS, warn=True)
    yield as_result("lifecycle", evaluate_lifecycle(topics), TOPICS, warn=True)
    yield as_result("drift", evaluate_drift(cosines), TOPICS, warn=True)


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            "chain", asset=CLAIMS, blocking=True, description="The hash chain is whole."
        ),
        dg.AssetCheckSpec(
            "record",
            asset=HEADS,
            blocking=True,
            description="The record is as signed off, and no verdict older than its evidence.",
        ),
        dg.AssetCheckSpec(
            "probabilities_and_dates",
            asset=CLAIMS,
            blocking=True,
            description="Probabilities in (0, 1), unique ids, deadlines after the making.",
        ),
        dg.AssetCheckSpec(
            "point_in_time",
            asset=CLAIMS,
            blocking=True,
            description="Every source was seen by the as-of moment of its claim.",
        ),
        dg.AssetCheckSpec("refused_share", asset=REFUSALS, description="Few claims are refused."),
        dg.AssetCheckSpec(
            "order",
            asset=RESOLUTIONS,
            blocking=True,
            description="No verdict is older than its claim.",
        ),
        dg.AssetCheckSpec("overdue", asset=RESOLUTIONS, description="Few claims are overdue."),
    ]
)
@limited
def ledger_checks(world: dg.ResourceParam[World]) -> Iterator[dg.AssetCheckResult]:
    """The chain, the claims, and the order of claims, sources and verdicts."""
    with world.warehouse.read() as reader:
        end = reader.record_end()  # first: what others append meanwhile is not gone through
        claims = reader.table("forecasts.claims")
        verdicts = reader.table("outcomes.resolutions")
        seen = reader.frame("SELECT article_id, first_seen_at FROM news.articles")
        refused = reader.count("forecasts.refusals")
        as_of = reader.latest_as_of() or world.clock()
        still_open = reader.open_claims(as_of)
        broken = verify(claims)
        fault = broken or beyond_the_chain(reader, claims, world.settings.snapshot_file)
        world.sound_to = None if fault else end
    yield as_result("chain", evaluate_chain(broken, len(claims)), CLAIMS)
    whole = CheckFinding(fault is None, "as signed off" if fault is None else fault.reason)
    yield as_result("record", whole, HEADS)
    yield as_result("probabilities_and_dates", evaluate_claims(claims), CLAIMS)
    first_seen = seen.set_index("article_id")["first_seen_at"]
    yield as_result("point_in_time", evaluate_point_in_time(claims, first_seen), CLAIMS)
    # The learning forecasters answer what the others were allowed to claim: nothing is refused.
    linted = int((~claims["forecaster"].isin(LEARNED)).sum())
    yield as_result("refused_share", evaluate_refusals(refused, linted), REFUSALS, warn=True)
    yield as_result("order", evaluate_verdict_order(verdicts, claims), RESOLUTIONS)
    yield as_result("overdue", evaluate_overdue(still_open, as_of), RESOLUTIONS, warn=True)


@dg.asset_check(
    asset=INCONSISTENCIES_KEY,
    name="consistency",
    description="Few open claims contradict each other (deadlines, thresholds).",
)
@limited
def consistency(world: dg.ResourceParam[World]) -> dg.AssetCheckResult:
    """The pairs of related claims that are open as of the newest edition."""
    with world.warehouse.read() as reader:
        pairs = reader.open_relations(reader.latest_as_of() or world.clock())
    return as_result("consistency", evaluate_consistency(pairs), warn=True)


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            "no_repeated_headline",
            asset=DIGESTS,
            description="No headline of the digest before is printed again, nor one like it.",
        ),
        dg.AssetCheckSpec(
            "least_sources",
            asset=DIGESTS,
            blocking=True,
            description="Every item has the independent sources that its kind must have.",
        ),
        *(
            dg.AssetCheckSpec(name, asset=asset, blocking=True, description=description)
            for asset in (DIGESTS, TIMELINES)
            for name, description in (
                ("verbatim", "Every headline and sentence stands in the article it names."),
                ("sources_seen", "Every source was seen by the as-of moment."),
            )
        ),
    ]
)
@limited
def digest_checks(world: dg.ResourceParam[World]) -> Iterator[dg.AssetCheckResult]:
    """What digests and timelines print, and whom they cite."""
    with world.warehouse.read() as reader:
        digests = reader.table("stories.digests")
        timelines = reader.table("stories.timelines")
        articles = reader.frame(
            "SELECT article_id, title, summary FROM news.articles WHERE article_id IN ("
            "SELECT article_id FROM stories.timelines UNION ALL "
            "SELECT unnest([article_id, sentence_article_id]) FROM stories.digests)"
        )
        seen = reader.frame("SELECT article_id, first_seen_at FROM news.articles")
    first_seen = seen.set_index("article_id")["first_seen_at"]
    yield as_result("no_repeated_headline", evaluate_repeats(digests), DIGESTS)
    yield as_result("least_sources", evaluate_sources(digests), DIGESTS)
    steps = timelines[timelines["kind"] == "step"]
    for asset, rows, columns in (
        (DIGESTS, digests, {"headline": "article_id", "sentence": "sentence_article_id"}),
        (TIMELINES, steps, {"sentence": "article_id"}),
    ):
        printed = pd.concat(
            rows[[text, source]].set_axis(["text", "article_id"], axis="columns")
            for text, source in columns.items()
        ).dropna()
        yield as_result("verbatim", evaluate_verbatim(printed, articles), asset)
    yield as_result("sources_seen", evaluate_seen(digests, first_seen), DIGESTS)
    yield as_result("sources_seen", evaluate_seen(timelines, first_seen), TIMELINES)
