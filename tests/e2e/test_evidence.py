"""Evidence from the archive for the claims of a file, and verdicts that a person gives."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from newsworld_dagster.warehouse import Warehouse
from tests.e2e.worlds import WorldFolder
from tests.warehouse.warehouse_rows import claim, claims

TOLD = (
    # first seen, title, summary
    ("2026-01-04T10:00:00Z", "Harbour bridge will open in spring, says mayor", ""),
    ("2026-01-06T10:00:00Z", "Storm floods cellars in the old town", "Pumps ran all night."),
    (
        "2026-01-09T10:00:00Z",
        "Mayor cuts the ribbon",
        "Thousands came to the shore. The harbour bridge is open to traffic since noon.",
    ),
    ("2026-01-12T10:00:00Z", "Harbour bridge open to traffic, and already too narrow", ""),
    ("2026-01-21T10:00:00Z", "Harbour bridge open to traffic for a week or two", ""),
)
HEADER = "claim_id,statement,made_at,resolve_by\n"
BRIDGE = "bridge,The harbour bridge opens to traffic by 20 January.,2026-01-05,2026-01-20\n"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> WorldFolder:
    """A world with an archive that nothing was run on."""
    folder = tmp_path_factory.mktemp("town")
    world = WorldFolder(folder / "world")
    pd.DataFrame(
        [
            {
                "url": f"https://example.com/{number}",
                "title": title,
                "summary": summary,
                "publisher": "example.com",
                "first_seen_at": seen,
            }
            for number, (seen, title, summary) in enumerate(TOLD)
        ]
    ).to_csv(folder / "town.csv", index=False)
    assert world.run("import", str(folder / "town.csv")).code == 0
    return world


def asked(world: WorldFolder, folder: Path, rows: str, *arguments: str) -> dict:
    """The document for rows of claims."""
    (folder / "claims.csv").write_text(HEADER + rows)
    done = world.run("evidence", str(folder / "claims.csv"), "--json", *arguments)
    assert done.code == 0, done.err
    return json.loads(done.out)


def titles(claim_: dict) -> list[str]:
    return [article["title"] for article in claim_["articles"]]


def test_articles_of_the_window_come_best_first_with_a_passage(
    town: WorldFolder, tmp_path: Path
) -> None:
    (told,) = asked(town, tmp_path, BRIDGE)["claims"]
    assert told["claim_id"] == "bridge"
    # Neither what was known when the claim was made, nor what came after the deadline.
    assert set(titles(told)) == {TOLD[1][1], TOLD[2][1], TOLD[3][1]}
    assert titles(told)[-1] == TOLD[1][1]
    scores = [article["score"] for article in told["articles"]]
    assert scores == sorted(scores, reverse=True)
    passages = {article["title"]: article["passage"] for article in told["articles"]}
    assert passages[TOLD[2][1]] == "The harbour bridge is open to traffic since noon."
    stored = set(town.sql("SELECT article_id FROM news.articles")["article_id"])
    assert {article["article_id"] for article in told["articles"]} <= stored


def test_k_cuts_and_an_earlier_moment_knows_less(town: WorldFolder, tmp_path: Path) -> None:
    (told,) = asked(town, tmp_path, BRIDGE, "--k", "1")["claims"]
    assert len(told["articles"]) == 1
    (early,) = asked(town, tmp_path, BRIDGE, "--as-of", "2026-01-09T09:59:59")["claims"]
    assert titles(early) == [TOLD[1][1]]


def test_a_bad_row_costs_no_other_claim(town: WorldFolder, tmp_path: Path) -> None:
    rows = "soon,It rains.,2026-01-05,soon\n" + BRIDGE + "quiet,It rains.,2025-01-05,2025-01-09\n"
    (tmp_path / "claims.csv").write_text(HEADER + rows)
    done = town.run("evidence", str(tmp_path / "claims.csv"), "--json")
    assert done.code == 0
    assert "row 1" in done.err
    assert "'soon'" in done.err
    soon, bridge, quiet = json.loads(done.out)["claims"]
    assert (soon["claim_id"], soon["articles"]) == ("soon", [])
    assert "row 1" in soon["error"]
    assert len(bridge["articles"]) == 3
    assert quiet["articles"] == []
    assert "2026-01-04 to 2026-01-21" in quiet["note"]


def test_the_terminal_shows_a_table_and_embeds_nothing_twice(
    town: WorldFolder, tmp_path: Path
) -> None:
    (tmp_path / "claims.csv").write_text(HEADER + BRIDGE)
    town.run("evidence", str(tmp_path / "claims.csv"))
    done = town.run("evidence", str(tmp_path / "claims.csv"))
    assert done.code == 0
    assert "embeddings:" not in done.err
    shown = " ".join(done.out.split())
    for words in (
        "The harbour bridge opens to traffic by 20 January.",
        "The harbour bridge is open to traffic since noon.",
        "example.com",
        "newsworld resolve bridge yes|no|void --because TEXT",
    ):
        assert words in shown


def test_failures_say_what_to_do(town: WorldFolder, empty_world, tmp_path: Path) -> None:
    (tmp_path / "claims.csv").write_text(HEADER + BRIDGE)
    (tmp_path / "other.csv").write_text("id,claim\n1,It rains.\n")
    (tmp_path / "bad.csv").write_text(HEADER + "c1,It rains.,yesterday,2026-01-20\n")
    for world, arguments, code, words in (
        (empty_world, ("claims.csv",), 1, ("no article", "newsworld import FILE")),
        (town, ("nowhere.csv",), 1, ("nowhere.csv", "check the path")),
        (town, ("other.csv",), 1, ("lacks the columns", "claim_id", "it has id, claim")),
        (town, ("bad.csv",), 1, ("row 1", "'yesterday'", "YYYY-MM-DD")),
        (town, ("claims.csv", "--k", "0"), 2, ("--k",)),
        (town, (), 2, ("Missing argument",)),
    ):
        files = [str(tmp_path / name) if name.endswith("csv") else name for name in arguments]
        done = world.run("evidence", *files)
        assert (done.code, done.out) == (code, ""), done.err
        assert "Traceback" not in done.err
        assert all(word in " ".join(done.err.split()) for word in words), done.err


@pytest.fixture
def ledger_world(empty_world: WorldFolder) -> WorldFolder:
    """A world with one open claim, for a judge."""
    row = claim(1, "q1", pd.Timestamp("2026-01-05"), 15, resolver="judge")
    with Warehouse(empty_world.warehouse).write() as writer:
        writer.append("forecasts.claims", claims(row))
    return empty_world


def test_a_person_settles_a_claim_and_a_correction_supersedes(ledger_world: WorldFolder) -> None:
    told = ("--because", "The mayor opened it.", "--url", "https://example.com/2")
    assert ledger_world.run("resolve", "c1", "yes", *told).code == 0
    first = ledger_world.sql("SELECT * FROM outcomes.resolutions").iloc[0]
    assert (first["claim_id"], first["question_id"], first["verdict"]) == ("c1", "q1", "yes")
    assert (first["decided_by"], first["reason"]) == ("person", "The mayor opened it.")
    assert json.loads(first["evidence"]) == [{"url": "https://example.com/2"}]
    assert pd.isna(first["supersedes"])

    assert ledger_world.run("resolve", "c1", "no", "--because", "Only for walkers.").code == 0
    both = ledger_world.sql("SELECT * FROM outcomes.resolutions ORDER BY decided_at")
    assert both["verdict"].tolist() == ["yes", "no"]
    pd.testing.assert_series_equal(
        both.iloc[0].drop("supersedes"), first.drop("supersedes"), check_names=False
    )
    assert pd.isna(both["supersedes"].iloc[0])
    assert both["supersedes"].iloc[1] == first["resolution_id"]
    with Warehouse(ledger_world.warehouse).read() as reader:
        in_force = reader.verdicts_as_of(pd.Timestamp("2100-01-01"))
    assert in_force["verdict"].tolist() == ["no"]


def test_a_verdict_that_cannot_be_recorded(ledger_world: WorldFolder) -> None:
    for arguments, code, words in (
        (("c9", "yes", "--because", "x"), 1, ("'c9'", "forecasts.claims")),
        (("c1", "maybe", "--because", "x"), 2, ("'maybe'", "yes, no, void")),
        (("c1", "yes", "--because", " "), 2, ("reason", "--because")),
        (("c1", "yes"), 2, ("--because",)),
    ):
        done = ledger_world.run("resolve", *arguments)
        assert done.code == code, done.err
        assert all(word in " ".join(done.err.split()) for word in words), done.err
    assert ledger_world.sql("SELECT * FROM outcomes.resolutions").empty


def test_verdicts_from_a_file_and_the_same_file_again(
    ledger_world: WorldFolder, tmp_path: Path
) -> None:
    file = tmp_path / "verdicts.csv"
    file.write_text(
        "claim_id,verdict,because,url,statement\n"
        "c9,yes,The mayor opened it.,,Nobody made this claim.\n"
        "c1,yes,The mayor opened it.,https://example.com/2,The bridge opens.\n"
        "c2,,,,Not decided yet.\n"
    )
    done = ledger_world.run("resolve", "--file", str(file))
    assert done.code == 0, done.err
    assert "1 verdicts recorded, 0 known already, 1 rows not decided yet, 1 refused" in done.out
    assert "row 1: there is no claim 'c9'" in " ".join(done.err.split())
    rows = ledger_world.sql("SELECT * FROM outcomes.resolutions")
    assert rows[["claim_id", "verdict", "decided_by"]].to_numpy().tolist() == [
        ["c1", "yes", "person"]
    ]
    assert json.loads(rows["evidence"].iloc[0]) == [{"url": "https://example.com/2"}]

    again = ledger_world.run("resolve", "--file", str(file))
    assert again.code == 0
    assert "0 verdicts recorded, 1 known already" in again.out
    assert len(ledger_world.sql("SELECT * FROM outcomes.resolutions")) == 1

    file.write_text(file.read_text().replace("c1,yes", "c1,no"))
    assert ledger_world.run("resolve", "--file", str(file)).code == 0
    corrected = ledger_world.sql("SELECT * FROM outcomes.resolutions ORDER BY decided_at")
    assert corrected["verdict"].tolist() == ["yes", "no"]
    assert corrected["supersedes"].iloc[1] == rows["resolution_id"].iloc[0]


def test_a_file_of_verdicts_that_cannot_be_used(ledger_world: WorldFolder, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("claim_id,verdict,because\nc1,perhaps,Who knows.\n")
    for arguments, code, words in (
        (("--file", str(bad)), 1, ("row 1", "'perhaps'", "No row of")),
        (("--file", str(tmp_path / "none.csv")), 1, ("no file", "none.csv")),
        (("c1", "--file", str(bad)), 2, ("not both",)),
        ((), 2, ("CLAIM and VERDICT", "--file")),
    ):
        done = ledger_world.run("resolve", *arguments)
        assert done.code == code, done.err
        assert "Traceback" not in done.err
        assert all(word in " ".join(done.err.split()) for word in words), done.err
    assert ledger_world.sql("SELECT * FROM outcomes.resolutions").empty


def test_evidence_alone_settles_nothing(ledger_world: WorldFolder, tmp_path: Path) -> None:
    pd.DataFrame(
        [
            {
                "url": "https://example.com/1",
                "title": "At least 2 publishers report on it",
                "summary": "",
                "publisher": "example.com",
                "first_seen_at": "2026-01-06T10:00:00Z",
            }
        ]
    ).to_csv(tmp_path / "news.csv", index=False)
    assert ledger_world.run("import", str(tmp_path / "news.csv")).code == 0
    rows = "c1,At least 2 publishers report on it.,2026-01-05,2026-01-20\n"
    (told,) = asked(ledger_world, tmp_path, rows)["claims"]
    assert told["proposal"]["verdict"] == "yes"
    assert ledger_world.sql("SELECT * FROM outcomes.resolutions").empty
