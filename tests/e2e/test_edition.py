"""The pages of the demo's world."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from lxml import html

from tests.e2e.worlds import WorldFolder
from tests.edition.checks import every_link_resolves, every_page_parses


def test_demo_publishes_an_edition_of_all_that_is_on_record(demo_world: WorldFolder) -> None:
    site = demo_world.path / "published" / "edition"
    made = demo_world.sql(
        "SELECT count(DISTINCT report_id) AS reports, count(DISTINCT question_id) AS questions "
        "FROM forecasts.claims WHERE phase = 'record'"
    ).iloc[0]
    # A day on which nothing was claimed has an edition that says so.
    days = demo_world.sql("SELECT DISTINCT day FROM forecasts.editions WHERE phase = 'record'")
    reports = set(site.glob("predictions/p*.html")) - set(site.glob("predictions/page-*.html"))
    assert len(reports) == made["reports"]
    assert len(list(site.glob("claims/*.html"))) == made["questions"]
    index = json.loads((site / "api" / "index.json").read_text())
    assert len(index["editions"]) == len(days)
    assert "newsworld serve" in (demo_world.path / "demo.txt").read_text()
    home = html.fromstring((site / "index.html").read_text(encoding="utf-8"))
    assert home.xpath("//section[@class='leading']//article")
    scorecard = html.fromstring((site / "scorecard" / "index.html").read_text(encoding="utf-8"))
    pictures = scorecard.xpath("//picture//img/@src")
    assert "../charts/reliability-coverage.svg" in pictures
    assert all((site / "scorecard" / one).resolve().is_file() for one in pictures)
    brier = demo_world.sql(
        "SELECT brier FROM scorecards.scorecard WHERE \"by\" = 'all' AND forecaster = 'coverage'"
    )["brier"].iloc[0]
    assert f"{brier:.3f}" in scorecard.xpath("//table")[0].text_content()


def test_no_link_of_the_demo_is_broken_and_every_page_parses(demo_world: WorldFolder) -> None:
    site = demo_world.path / "published" / "edition"
    every_link_resolves(site)
    every_page_parses(site)


def test_serve_previews_the_edition(demo_world: WorldFolder) -> None:
    command = str(Path(sys.executable).with_name("newsworld"))
    environment = {**os.environ, "NEWSWORLD_DATA_DIR": str(demo_world.path)}
    with subprocess.Popen(
        [command, "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        # What a shell starts in the background ignores the signal, and its children with it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
            with urllib.request.urlopen(address, timeout=10) as answer:
                assert "NewsWorld" in answer.read().decode()
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0
        finally:
            process.kill()


def test_serve_says_what_to_do_without_an_edition(empty_world: WorldFolder) -> None:
    done = empty_world.run("serve", "--port", "0")
    assert done.code == 1
    assert "There is no edition at" in done.err
    assert "newsworld demo" in done.err
