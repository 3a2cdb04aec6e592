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
from urllib.parse import unquote, urlsplit

import html5lib
from lxml import html

from tests.e2e.worlds import WorldFolder


def test_demo_publishes_an_edition_of_all_that_is_on_record(demo_world: WorldFolder) -> None:
    site = demo_world.path / "published" / "edition"
    made = demo_world.sql(
        "SELECT count(DISTINCT report_id) AS reports, count(DISTINCT question_id) AS questions, "
        "count(DISTINCT day) AS days FROM forecasts.claims WHERE phase = 'record'"
    ).iloc[0]
    reports = set(site.glob("predictions/p*.html")) - set(site.glob("predictions/page-*.html"))
    assert len(reports) == made["reports"]
    assert len(list(site.glob("claims/*.html"))) == made["questions"]
    index = json.loads((site / "api" / "index.json").read_text())
    assert len(index["editions"]) == made["days"]
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
    site = (demo_world.path / "published" / "edition").resolve()
    trees = {
        path: html.fromstring(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")
    }
    ids = {path: set(tree.xpath("//@id")) for path, tree in trees.items()}
    for path, tree in trees.items():
        for link in set(tree.xpath("//@href | //@src | //@srcset")):
            parts = urlsplit(link)
            if parts.scheme:
                continue
            base = site if parts.path.startswith("/") else path.parent
            there = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else path
            assert there.is_file(), (path, link)
            if parts.fragment and there in ids:
                assert parts.fragment in ids[there], (path, link)
    one_a_kind = {path.parent.name: path for path in trees}
    for path in one_a_kind.values():
        html5lib.HTMLParser(strict=True).parse(path.read_text(encoding="utf-8"))


def test_serve_previews_the_edition(demo_world: WorldFolder) -> None:
    command = str(Path(sys.executable).with_name("newsworld"))
    environment = {**os.environ, "NEWSWORLD_DATA_DIR": str(demo_world.path)}
    with subprocess.Popen(
        [command, "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert "NewsWorld" in answer.read().decode()
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def test_serve_says_what_to_do_without_an_edition(empty_world: WorldFolder) -> None:
    done = empty_world.run("serve", "--port", "0")
    assert done.code == 1
    assert "There is no edition at" in done.err
    assert "newsworld demo" in done.err
