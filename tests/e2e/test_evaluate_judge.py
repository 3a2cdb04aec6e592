"""`newsworld evaluate-judge` against a loopback server that speaks the Messages API."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.e2e.worlds import Ran, WorldFolder
from tests.llm.server import KEY, MessagesServer, Says, Script, Status

HEADER = "claim_id,statement,made_at,resolve_by,criteria,verdict\n"
SPAN = "2026-01-05,2026-01-20"
# What each claim is about, and the label of the file.
CLAIMS = {
    "bridge": ("The harbour bridge opens to traffic.", "yes"),
    "ferry": ("The night ferry to Lindholm is ended.", "no"),
    "tower": ("The council approves the tower.", "yes"),
    "budget": ("The budget passes the council.", "void"),
}
TOLD = {
    "bridge": "The harbour bridge is open to traffic since noon.",
    "ferry": "The night ferry to Lindholm goes on until summer, its owner says.",
    "tower": "The council turned the tower down by nine to four.",
    "budget": "The budget of the council was withdrawn before the vote.",
}
# What both passes say of each; of the budget they disagree.
SAID = {"bridge": ("yes", "yes"), "ferry": ("no", "no"), "tower": ("no", "no"),
        "budget": ("void", "yes")}  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> WorldFolder:
    """An archive with one deciding article a claim and some that decide nothing."""
    folder = tmp_path_factory.mktemp("town")
    world = WorldFolder(folder / "world")
    rows = [(f"2026-01-{10 + n}T10:00:00Z", text) for n, text in enumerate(TOLD.values())]
    rows += [(f"2026-01-{day:02}T08:00:00Z", f"Rain on day {day}.") for day in range(5, 21)]
    # Known already, or too late.
    rows += [("2026-01-04T10:00:00Z", "The tower was approved last year, they say.")]
    rows += [("2026-01-25T10:00:00Z", "The harbour bridge is closed to traffic again.")]
    pd.DataFrame(
        [
            {
                "url": f"https://example.com/{n}",
                "title": f"News of the town, number {n}",
                "summary": summary,
                "publisher": "example.com",
                "first_seen_at": seen,
            }
            for n, (seen, summary) in enumerate(rows)
        ]
    ).to_csv(folder / "town.csv", index=False)
    assert world.run("import", str(folder / "town.csv")).code == 0
    return world


def judge(body: dict[str, Any]) -> Script:
    """The answer to a request: verdicts of `SAID`, quoting the article that decides."""
    text = "".join(block["text"] for block in body["messages"][0]["content"])
    name = next(name for name, (statement, _) in CLAIMS.items() if f"Claim: {statement}" in text)
    blocks = re.findall(r"<article .*?</article>", text, re.DOTALL)
    assert len(blocks) == 3
    # Neither what was known when the claim was made, nor what came after its deadline.
    assert "approved last year" not in text
    assert "closed to traffic again" not in text
    # The best article stands first, and for the second pass last.
    place = next(n for n, block in enumerate(blocks) if TOLD[name] in block)
    verdict = SAID[name][{0: 0, 2: 1}[place]]
    return Says(
        {
            "what_decides": "a report of it",
            "evidence": [{"number": place + 1, "quote": TOLD[name]}],
            "reason": f"it says {verdict}",
            "verdict": verdict,
        }
    )


def asked(
    world: WorldFolder,
    folder: Path,
    server: MessagesServer,
    *arguments: str,
    as_of: str = "2026-02-01",
) -> Ran:
    rows = [f"{name},{text},{SPAN},Yes if it is reported.,{label}\n"
            for name, (text, label) in CLAIMS.items()]  # fmt: skip
    # In the window of the last one there is no article; the row before it cannot be read.
    rows += ["mayor,The mayor resigns.,2026-01-05,soon,Yes if it is reported.,no\n"]
    rows += ["fair,The fair opens.,2026-03-01,2026-03-20,Yes if it is reported.,no\n"]
    (folder / "labelled.csv").write_text(HEADER + "".join(rows))
    return world.run(
        "evaluate-judge",
        str(folder / "labelled.csv"),
        "--k",
        "3",
        "--as-of",
        as_of,
        *arguments,
        NEWSWORLD_LLM_API_KEY=KEY,
        NEWSWORLD_LLM_BASE_URL=server.url,
        NEWSWORLD_LLM_MODEL="toy-1",
    )


def test_figures_beside_the_labels_and_a_rerun_that_costs_nothing(
    town: WorldFolder, tmp_path: Path
) -> None:
    with MessagesServer(judge) as server:
        done = asked(town, tmp_path, server, "--json")
        assert done.code == 0, done.err
        found = json.loads(done.out)
        assert "row 5" in done.err
        assert len(server.bodies) == 8
        again = json.loads(asked(town, tmp_path, server, "--json").out)
        assert len(server.bodies) == 8
        shown = " ".join(asked(town, tmp_path, server).out.split())
    assert (found["model"], found["as_of"][:10]) == ("toy-1", "2026-02-01")
    assert (found["claims"], found["decided"], found["right"]) == (5, 3, 2)
    assert (found["queue"], found["pending"], found["unfinished"]) == (1, 1, 0)
    assert found["accuracy"] == pytest.approx(2 / 3)
    # Labels yes, no, yes and verdicts yes, no, no: 4/9 agree by chance.
    assert found["kappa"] == pytest.approx((2 / 3 - 4 / 9) / (1 - 4 / 9))
    confusion = {row["label"]: row for row in found["confusion"]}
    assert (confusion["yes"]["yes"], confusion["yes"]["no"]) == (1, 1)
    assert (confusion["no"]["no"], confusion["no"]["pending"]) == (1, 1)
    assert confusion["void"]["queue"] == 1
    rows = {row["claim_id"]: row for row in found["rows"]}
    assert rows["tower"]["outcome"] == "no"
    assert rows["tower"]["label"] == "yes"
    assert "disagree" in rows["budget"]["because"]
    assert rows["fair"]["because"] == "no article was first seen in its window"
    assert "row 5" in rows["mayor"]["error"]
    tokens = sum(value for name, value in found.items() if name.endswith("_tokens"))
    assert tokens == server.billed_tokens
    assert found["cost_usd"] == found["charged_usd"] > 0
    assert again["charged_usd"] == 0
    assert {**again, "charged_usd": 0} == {**found, "charged_usd": 0}
    for words in ("3 of 5 claims decided", "1 left to a person", "Cohen's kappa 0.400",
                  "tower: no for yes"):  # fmt: skip
        assert words in shown, shown
    assert town.sql("SELECT * FROM outcomes.resolutions").empty


def test_without_a_key_or_a_server_it_fails_in_words(town: WorldFolder, tmp_path: Path) -> None:
    with MessagesServer(lambda _: Status(401)) as server:
        # At another moment nothing was answered yet.
        done = asked(town, tmp_path, server, "--json", as_of="2026-02-02")
    assert (done.code, done.out) == (1, "")
    assert "None of the 4 claims with articles could be asked about" in " ".join(done.err.split())
    done = town.run("evaluate-judge", str(tmp_path / "labelled.csv"), NEWSWORLD_LLM_API_KEY="")
    assert (done.code, done.out) == (1, "")
    assert "Traceback" not in done.err
    assert "Set NEWSWORLD_LLM_API_KEY" in " ".join(done.err.split())


def test_a_file_without_labels_is_told_what_it_lacks(town: WorldFolder, tmp_path: Path) -> None:
    (tmp_path / "bare.csv").write_text(f"claim_id,statement,made_at,resolve_by\nc,It.,{SPAN}\n")
    (tmp_path / "odd.csv").write_text(f"{HEADER}c,It rains.,{SPAN},Yes if it does.,perhaps\n")
    for name, words in (
        ("bare.csv", ("lacks the columns criteria, verdict",)),
        ("odd.csv", ("verdict 'perhaps'", "yes, no, void")),
    ):
        done = town.run("evaluate-judge", str(tmp_path / name), NEWSWORLD_LLM_API_KEY="any")
        assert (done.code, done.out) == (1, "")
        assert all(word in " ".join(done.err.split()) for word in words), done.err
