from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jsonschema
import pandas as pd
import pytest
from lxml import etree, html

from newsworld_dagster.contracts.vocabulary import SECTIONS
from newsworld_dagster.edition import build_edition
from newsworld_dagster.edition.questions import rule_in_words
from tests.edition.checks import (
    every_feed_parses,
    every_link_resolves,
    every_page_is_light,
    every_page_parses,
    pages,
)
from tests.edition.edition_rows import LAST, NASTY_LINKS, given

SITE = "https://news.example/desk/"
ANALYST = "predictions/p-t0-analyst-0212.html"
COVERAGE = "predictions/p-t0-coverage-0212.html"


def page(site: Path, path: str) -> html.HtmlElement:
    return html.fromstring((site / path).read_text(encoding="utf-8"))


def text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_navigation_is_that_of_the_reference_on_every_page(site: Path) -> None:
    wanted = ["Home", "Predictions", "Digests", "Scorecard", "Timelines", "Articles"]
    for path in pages(site):
        tree = html.fromstring(path.read_text(encoding="utf-8"))
        links = [text(link) for link in tree.xpath("//header//nav//a")]
        assert links == [*wanted, "Search", *SECTIONS], path


def test_analyst_page_has_everything(site: Path) -> None:
    tree = page(site, ANALYST)
    said = text(tree.xpath("//main")[0])
    assert text(tree.xpath("//h1")[0]) == "t0 may slip, says analyst"
    assert "Moon rocket delay" in said
    assert "High confidence" in said
    assert "Generated 13 February 2026, 00:00 UTC" in said
    assert "1 predicted event · 3 source articles analysed" in said
    assert "Model: a model" in said
    headings = [text(h) for h in tree.xpath("//div[@class='prose']/h2")]
    assert headings == [
        "The current situation",
        "Key trends and signals",
        "What happens next",
        "Broader implications",
    ]
    cites = tree.xpath("//div[@class='prose']//span[@class='cite']/a/@href")
    assert cites.count("#source-1") == 2
    assert {"#source-2", "#source-3"} < set(cites)
    assert "#source-7" not in cites
    assert "by 15 March 2026" in said.replace("By", "by")
    event = text(tree.xpath("//li[contains(@class, 'event')]")[0])
    for part in ("84\u202f%", "Open", "Medium", "within 3 days", "At least 2 publishers", "[1]"):
        assert part.replace("\u202f", " ") in event.replace("\u202f", " "), part
    sources = tree.xpath("//section[@class='cited']//li")
    assert [source.get("id") for source in sources] == ["source-1", "source-2", "source-3"]
    first = text(sources[0])
    assert "paper3.example" in first
    assert "Headline 8 on the launch" in first
    assert "Relevance: note 1" in first
    assert "https://paper.example/8?x=1&y=2" in sources[0].xpath(".//a/@href")


def test_statistical_page_quotes_and_counts_instead_of_telling(site: Path) -> None:
    tree = page(site, COVERAGE)
    headings = [text(h) for h in tree.xpath("//div[@class='prose']/h2")]
    assert headings == ["The current situation", "Key trends and signals", "What happens next"]
    said = text(tree.xpath("//div[@class='prose']")[0])
    assert "Step 2 was taken." in said
    assert "4 independent publishers in the last seven days" in said
    assert "On 5 of the last 14 days" in said
    assert [text(h) for h in tree.xpath("//div[@class='prose']/h3")] == [
        "What had happened",
        "Within 3 days",
        "Within 1 week",
    ]
    same = tree.xpath("//section[@class='events']/p[@class='facts']/a/@href")
    assert same == [
        "../predictions/p-t0-analyst-0212.html",
        "../predictions/p-t0-base-rate-0212.html",
    ]
    related = tree.xpath("//section[@class='related']//h3/a/@href")
    assert related == ["../predictions/p-t1-coverage-0212.html"]


def test_nothing_later_is_shown_as_what_had_happened(site: Path) -> None:
    said = text(page(site, "predictions/p-t0-coverage-0210.html").xpath("//ol[@class='steps']")[0])
    assert "Step 0" in said
    assert "Step 1" not in said


def test_claim_page_tells_answers_rule_verdict_history_and_hash(site: Path) -> None:
    tree = page(site, "claims/q-t0-0210-0.html")
    said = text(tree.xpath("//main")[0])
    assert text(tree.xpath("//h1/following-sibling::p/span[1]")[0]) == "Yes"
    assert "2 publishers counted" in said
    assert "A telling sentence" in said
    assert "Articles of at least 2 different publishers that match the topic." in said
    assert "Yes if enough publishers report in time." in said
    # (0.62 - 1) squared and (0.21 - 1) squared.
    assert "Brier score 0.144" in said
    assert "Brier score 0.624" in said
    assert f"{1:064x}" in said
    assert "0" * 64 in said
    rows = tree.xpath("//section[@aria-labelledby='history-title']//tbody/tr")
    assert [text(row.xpath("th")[0]) for row in rows] == [
        "12 February 2026",
        "11 February 2026 (this page)",
    ]
    assert len(tree.xpath("//*[local-name()='polyline']")) == 2


def test_a_corrected_verdict_stays_beside_its_correction(site: Path) -> None:
    said = text(page(site, "claims/q-t0-0210-1.html").xpath("//main")[0])
    assert "Void on 11 February 2026, by a person" in said
    assert "it had been settled no by rule (0 publishers counted)" in said


def test_overdue_claims_say_so(site: Path) -> None:
    said = text(page(site, "claims/q-t0-0211-1.html").xpath("//main")[0])
    assert "Overdue" in said
    assert "The deadline has passed" in said


def test_a_rule_in_words() -> None:
    spec = (
        '{"rule":"trigger","anchor_id":"a","at_least":1,"family":"strike",'
        '"trigger_terms":["walkout","picket*"]}'
    )
    assert rule_in_words(spec) == (
        "Articles of at least 1 different publisher that match the topic and hold one of the words "
        "“walkout”, “picket*” (* is any ending)."
    )
    assert rule_in_words(None) is None


def test_home_leads_with_the_newest_edition(site: Path) -> None:
    tree = page(site, "index.html")
    said = text(tree.xpath("//main")[0])
    assert "The edition of 12 February 2026" in said
    assert "made 12 claims, of which 4 are scored, 4 pending, 2 overdue and 2 void" in said
    assert "Brier 0.125, skill −25 %" in said.replace("\u202f", " ")
    leading = tree.xpath("//section[@class='leading']//h3/a/@href")
    assert leading == [ANALYST, "predictions/p-t1-coverage-0212.html"]
    assert [text(term) for term in tree.xpath("//section[@class='trending']//li")] == [
        "Moon",
        "Rocket",
    ]
    assert [text(h) for h in tree.xpath("//div[@class='side']//ol[@class='items']//h3")] == [
        "Item 1 happened ↗".replace(" ↗", ""),
        "Item 2 happened",
    ]


def test_due_soon_comes_in_the_order_of_deadlines(site: Path) -> None:
    tree = page(site, "predictions/due.html")
    dates = tree.xpath("//li[@class='claim']//p[@class='facts']/time[2]/@datetime")
    assert dates == sorted(dates)
    assert len(dates) == 7


def test_settled_comes_newest_first_with_every_fate(site: Path) -> None:
    stamps = page(site, "predictions/settled.html").xpath("//span[contains(@class, 'stamp')]")
    assert [text(stamp) for stamp in stamps] == ["No", "No", "Yes", "Void", "Yes", "Void"]


def test_worst_misses_are_open_and_without_the_baseline(site: Path) -> None:
    tree = page(site, "scorecard/index.html")
    misses = tree.xpath("//section[@aria-labelledby='misses-title']//li[@class='claim']")
    assert len(misses) == 4
    # 0.62 that came to nothing cost 0.38, 0.62 that came true 0.14.
    assert [re.search(r"Brier ([\d.]+)", text(miss)).group(1) for miss in misses] == [
        "0.38",
        "0.38",
        "0.14",
        "0.14",
    ]
    assert tree.xpath("//picture/source/@srcset") == ["../charts/reliability-coverage-dark.svg"]
    assert tree.xpath("//picture//img/@alt") == ["Forecast 10 %, observed 12 %."]


def test_articles_tell_publisher_story_and_use_and_nothing_else(site: Path) -> None:
    item = text(page(site, "articles/2026-02-10.html").xpath("//li[@id='a-a8']")[0])
    assert "Headline 8 on the launch" in item
    assert "paper3.example" in item
    assert "story Topic t0" in item
    assert "Used by At least 2 publishers report on t0" in item
    assert "and 10 more claims" in item
    assert "copy" not in item
    copy = text(page(site, "articles/2026-02-10.html").xpath("//li[@id='a-a11']")[0])
    assert "a copy of an earlier text" in copy


def test_no_internal_link_is_broken(site: Path, nasty_site: Path) -> None:
    every_link_resolves(site, "/desk/")
    every_link_resolves(nasty_site)


def test_every_page_parses_without_a_fault(site: Path, nasty_site: Path) -> None:
    every_page_parses(site)
    every_page_parses(nasty_site)


def test_no_page_holds_inline_script_style_or_handler(site: Path, nasty_site: Path) -> None:
    for folder in (site, nasty_site):
        for path in pages(folder):
            tree = html.fromstring(path.read_text(encoding="utf-8"))
            policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
            assert policy.startswith("default-src 'none'")
            assert "unsafe" not in policy
            assert not tree.xpath("//style | //@style | //iframe | //object | //base"), path
            assert not [name for name in tree.xpath("//@*") if name.attrname.startswith("on")], path
            for script in tree.xpath("//script"):
                data = script.get("type") == "application/ld+json"
                assert data != bool(script.get("src")), path
                if data:
                    json.loads(script.text)
            loaded = tree.xpath("//script/@src | //link[@rel='stylesheet']/@href | //img/@src")
            assert not [one for one in loaded if "//" in one], path


def test_nasties_are_shown_as_text_and_their_links_dropped(nasty_site: Path) -> None:
    tree = page(nasty_site, "articles/2026-02-12.html")
    titles = [text(item.xpath("p[1]")[0]) for item in tree.xpath("//ol[@class='articles']/li")]
    assert "<script>document.title='pwned'</script>Storm" in titles
    outward = set()
    for path in pages(nasty_site):
        links = html.fromstring(path.read_text(encoding="utf-8")).xpath("//a[@class='out']/@href")
        outward |= set(links)
        content = path.read_bytes().decode("utf-8")
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]", content), path
        assert len(max(content.splitlines(), key=len)) < 13_000, path
    assert outward == {"https://example.org/a?b=1&c=%3Cd%3E%22e%27", "https://example.org/ok"}
    assert len(NASTY_LINKS) == 12


def test_excerpts_are_short(nasty_site: Path) -> None:
    for path in pages(nasty_site):
        tree = html.fromstring(path.read_text(encoding="utf-8"))
        for quote in tree.xpath("//q"):
            assert len(text(quote)) <= 500, path


def test_feeds_parse_and_lead_to_pages(site: Path) -> None:
    every_feed_parses(site, SITE)
    wanted = {"all": 6, "settled": 6, "science": 3, "world": 3}
    for name in ("all", "settled", *(section.lower() for section in SECTIONS)):
        feed = json.loads((site / f"feeds/{name}.json").read_text())
        assert len(feed["items"]) == wanted.get(name, 0)


def test_feeds_of_nasties_are_well_formed(nasty_site: Path) -> None:
    for path in sorted(nasty_site.rglob("*.xml")):
        etree.fromstring(path.read_bytes())


def test_sitemap_lists_every_page_once(site: Path) -> None:
    names = etree.fromstring((site / "sitemap.xml").read_bytes()).xpath("//*[local-name()='loc']")
    listed = []
    for name in names:
        part = site / name.text.removeprefix(SITE)
        found = etree.fromstring(part.read_bytes()).xpath("//*[local-name()='loc']")
        listed += [one.text.removeprefix(SITE) for one in found]
    there = {path.relative_to(site.resolve()).as_posix() for path in pages(site)}
    assert sorted(one or "index.html" for one in listed) == sorted(there - {"404.html"})
    assert f"Sitemap: {SITE}sitemap.xml" in (site / "robots.txt").read_text()


def test_data_meets_the_schema_and_adds_up(site: Path) -> None:
    schema = json.loads((site / "api/schema.json").read_text())

    def read(path: str, kind: str) -> dict:
        document = json.loads((site / path).read_text())
        jsonschema.validate(document, schema | {"$ref": f"#/$defs/{kind}"})
        return document

    index = read("api/index.json", "index")
    editions = [read(one["path"], "edition") for one in index["editions"]]
    assert [one["day"] for one in editions] == ["2026-02-12", "2026-02-11", "2026-02-10"]
    claims = [claim for one in editions for report in one["reports"] for claim in report["claims"]]
    assert len(claims) == 25
    assert len({claim["claim_id"] for claim in claims}) == 25
    assert all((site / claim["page"]).is_file() for claim in claims)
    assert len(read("api/settled.json", "settled")["claims"]) == 6
    assert len(read("api/scorecard.json", "scorecard")["rows"]) == 8
    assert len(read("api/predictions.json", "predictions")["rows"]) == 13
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"claims": [{}]}, schema | {"$ref": "#/$defs/settled"})


def test_cards_are_pictures_of_the_promised_size(site: Path) -> None:
    tree = page(site, ANALYST)
    address = tree.xpath("//meta[@property='og:image']/@content")[0]
    assert address == f"{SITE}cards/p-t0-analyst-0212.png"
    content = (site / address.removeprefix(SITE)).read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) == (1200, 630)
    for name in ("og:title", "og:description", "og:url"):
        assert tree.xpath(f"//meta[@property='{name}']/@content")[0]
    assert tree.xpath("//meta[@name='twitter:card']/@content") == ["summary_large_image"]
    assert json.loads(tree.xpath("//script[@type='application/ld+json']")[0].text)["headline"]


def test_share_links_are_plain_links(site: Path) -> None:
    links = page(site, ANALYST).xpath("//section[@class='share']//a/@href")
    hosts = [urlsplit(link).netloc for link in links]
    assert links[0].startswith("mailto:?subject=t0%20may%20slip")
    assert "bsky.app" in hosts
    assert all(SITE.replace("://", "%3A//") in link or SITE in unquote(link) for link in links)


def test_a_page_with_its_assets_is_light(site: Path) -> None:
    every_page_is_light(site)


def test_the_next_day_changes_few_pages(tmp_path: Path) -> None:
    target = tmp_path / "edition"
    before = build_edition(given(days=LAST), target)
    kept = (target / "predictions/p-t0-coverage-0210.html").stat().st_ino
    after = build_edition(given(), target)
    assert after.files > before.files
    # The claims of the first day were settled before, so nothing about them is new.
    assert (target / "predictions/p-t0-coverage-0210.html").stat().st_ino == kept
    assert (target / "articles/2026-02-10.html").is_file()
    assert after.kept > 40
    again = build_edition(given(), target)
    assert (again.made, again.removed) == (0, 0)


def test_a_changed_site_address_changes_the_pages(tmp_path: Path) -> None:
    target = tmp_path / "edition"
    build_edition(given(days=1), target)
    moved = build_edition(given(days=1, site_url="https://other.example/"), target)
    assert moved.kept == 0
    assert "https://other.example/" in (target / "index.html").read_text()


def test_a_world_without_an_edition_has_pages_that_say_so(tmp_path: Path) -> None:
    empty = {name: frame.iloc[:0] for name, frame in given().frames.items()}
    target = tmp_path / "edition"
    build_edition(given(frames=empty, charts=()), target)
    assert "No edition was made yet" in text(page(target, "index.html").xpath("//main")[0])
    assert "Nothing has been predicted yet" in text(
        page(target, "predictions/index.html").xpath("//main")[0]
    )


def test_a_busy_day_is_listed_in_parts(tmp_path: Path) -> None:
    frames = given().frames
    one = frames["articles"].iloc[[0]]
    many = pd.concat([one.assign(article_id=f"m{number}") for number in range(650)])
    busy = dict(frames) | {"articles": pd.concat([many, frames["articles"].iloc[1:]])}
    target = tmp_path / "edition"
    build_edition(given(frames=busy), target)
    listed = [
        page(target, f"articles/2026-02-12{part}.html").xpath("count(//li[@id])")
        for part in ("", "-2", "-3")
    ]
    # 650 and the 3 others of that day.
    assert listed == [300, 300, 53]
    older = page(target, "articles/2026-02-12-3.html").xpath("//a[@rel='prev']/@href")
    assert older == ["../articles/2026-02-11.html"]
    shards = [json.loads(path.read_text()) for path in sorted(target.glob("search/2*.json"))]
    paths = [row[4] for rows in shards for row in rows]
    assert "articles/2026-02-12-3.html#a-m649" in paths
    days = page(target, "articles/index.html").xpath("//ul[@class='dates']/li")
    assert "653 articles" in text(days[0])
