"""A few days' writing: articles, claims, seals and heads. Meant to be killed; see `victims`."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from newsworld_dagster.articles.feeds import Feed, entries_to_articles, parse_feed
from newsworld_dagster.defs.intake import store_batch
from newsworld_dagster.defs.signing import sign_off
from newsworld_dagster.defs.world import World
from newsworld_dagster.forecasting import chain, make_edition
from newsworld_dagster.settings import Settings
from tests.faults.hostile_site import rss
from tests.forecasting.toy_desk import desk
from tests.synthetic_world import frame

DAYS = 10
FEED = Feed(name="F", url="https://example.com/feed", section="World")


def write(folder: Path) -> None:
    """Ten days, each as a run does it: a day that is sealed is not forecast again.

    Prints "ready", and a line for each day that is done.
    """
    world = World(Settings(data_dir=folder))
    claims = make_edition(desk()).claims.head(5)
    start = claims["day"].iloc[0]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for number in range(DAYS):
        day = start + pd.Timedelta(days=number)
        moment = day + pd.Timedelta(hours=22)
        # Every second day the feed brings an old article again, with another headline.
        links = [f"https://example.com/{number - number % 2}-{n}" for n in range(20)]
        content = rss(*links).replace(b"News", f"News of day {number}".encode())
        batch = entries_to_articles(parse_feed(content, feed_url=FEED.url), FEED, now=moment)
        store_batch(world, batch.articles, batch.rejects, batch.date_repairs)
        made = claims.assign(
            claim_id=[f"c{number}-{n}" for n in range(len(claims))], day=day, as_of=moment
        )
        verdict = {
            "resolution_id": f"r{number}",
            "claim_id": f"c{number}-0",
            "verdict": "yes",
            "decided_at": moment,
            "day": day,
            "evidence": "[]",
            "supersedes": None,
        }
        with world.warehouse.write() as writer:
            rows = frame("outcomes.resolutions", [verdict]).assign(made_at=moment)
            writer.append("outcomes.resolutions", rows.drop(columns="made_at"))
        with world.warehouse.write() as writer:
            if writer.editions_of(day).empty:
                edition = {"forecaster": "coverage", "day": day, "as_of": moment, "claims": 0,
                           "phase": "record"}  # fmt: skip
                writer.append("forecasts.editions", frame("forecasts.editions", [edition]))
                rows = made.assign(made_at=moment)
                writer.append("forecasts.claims", chain(rows, writer.ledger_head()))
        sign_off(world, day, moment)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
