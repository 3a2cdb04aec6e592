"""A thousand loopback feeds polled in one run: speed, memory and politeness.

Run as `python -m tests.benchmarks.polling [--feeds 1000] [--hosts 20]`. The server is a process
of its own and counts what it is asked at once, for each of its addresses in 127.0.0.0/8.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import multiprocessing
import resource
import sys
import time
from collections import Counter
from multiprocessing.connection import Connection

import pandas as pd
from aiohttp import web

from newsworld_dagster.articles.addresses import networks
from newsworld_dagster.articles.feeds import Feed
from newsworld_dagster.articles.fetch import FetchLimits, poll_feeds
from newsworld_dagster.contracts import meet
from newsworld_dagster.contracts.articles import FEED_STATE

ENTRIES = 30
ANSWER_SECONDS = 0.02


def serve(pipe: Connection) -> None:
    """Serve feeds on every loopback address; at the end, report what was asked at once."""
    busy: Counter[str] = Counter()
    busiest: Counter[str] = Counter()
    statuses: Counter[int] = Counter()

    async def answer(request: web.Request) -> web.StreamResponse:
        host = request.host.partition(":")[0]
        busy[host] += 1
        busiest[host] = max(busiest[host], busy[host])
        try:
            await asyncio.sleep(ANSWER_SECONDS)
            if request.headers.get("If-None-Match") == '"1"':
                statuses[304] += 1
                return web.Response(status=304)
            statuses[200] += 1
            items = "".join(
                f"<item><title>News {n} of {request.path}</title>"
                f"<link>https://{host}.example.com{request.path}/{n}</link>"
                f"<description>{'Text of a summary. ' * 12}</description>"
                "<pubDate>Sun, 01 Mar 2026 10:00:00 GMT</pubDate></item>"
                for n in range(ENTRIES)
            )
            body = f"<rss><channel><title>T</title>{items}</channel></rss>".encode()
            return web.Response(body=body, headers={"ETag": '"1"'})
        finally:
            busy[host] -= 1

    async def run() -> None:
        application = web.Application()
        application.router.add_get("/{name:.*}", answer)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "0.0.0.0", 0)
        await site.start()
        pipe.send(runner.addresses[0][1])
        while not pipe.poll():
            await asyncio.sleep(0.05)
        pipe.send({"busiest": max(busiest.values()), "statuses": dict(statuses)})
        await runner.cleanup()

    asyncio.run(run())


def main() -> int:
    """Poll twice, all new and all unchanged, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--hosts", type=int, default=20)
    given = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    server.start()
    port = ours.recv()
    feeds = [
        Feed(name=f"F{n}", url=f"http://127.0.1.{n % given.hosts + 1}:{port}/f{n}", section="World")
        for n in range(given.feeds)
    ]
    limits = FetchLimits(concurrency=64, allowed=networks("127.0.0.0/8"))
    state = meet(FEED_STATE, pd.DataFrame(columns=list(FEED_STATE.columns)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures: dict[str, object] = {"feeds": given.feeds, "hosts": given.hosts}
    for name, hour in (("all new", 0), ("all unchanged", 1)):
        wall, cpu = time.monotonic(), time.process_time()
        result = poll_feeds(feeds, state, now=dt.datetime(2026, 3, 1, 12 + hour), limits=limits)
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        state = result.state
        figures[name] = {
            "articles": len(result.articles),
            "failed": sum(report.status == "failed" for report in result.reports),
            "wall s": round(wall, 2),
            "cpu s": round(cpu, 2),
            "requests a second": round(given.feeds / wall),
        }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures["peak MiB"] = round(peak / 1024)
    figures["of which before the poll"] = round(before / 1024)
    ours.send("stop")
    asked = ours.recv()
    server.join()
    figures["asked"] = asked
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    if asked["busiest"] > limits.per_host:
        sys.stderr.write(f"impolite: {asked['busiest']} requests at one host at once\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
