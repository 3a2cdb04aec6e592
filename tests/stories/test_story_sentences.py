from __future__ import annotations

import math
import os
import subprocess
import sys

import pandas as pd
import pytest

from newsworld_dagster.stories.labels import TermStatistics
from newsworld_dagster.stories.sentences import (
    Centrality,
    fault_of,
    likeness,
    repeats,
    reports,
    split_sentences,
    stands_alone,
    summary_sentences,
    titles,
)
from newsworld_dagster.stories.sources import Article


@pytest.mark.parametrize(
    ("title", "fault"),
    [
        ("Parliament passes the harbour bill after long debate", None),
        ("President picks Ada Byron for central bank", None),
        ("Study highlights risks of river floods", None),
        ("iPhone maker settles lawsuit over battery claims", None),
        ("Select Board Adopts Emergency Landfill…", "cut off"),
        ("Ministers agree to limit the use of", "cut off"),
        ("up may finally happen this year for harbour", "fragment"),
        ("Minister calls bridge “a shame and resigns tonight", "fragment"),
        ("Will the harbour bill pass parliament this week?", "question"),
        ("Why the harbour bill failed in parliament", "question"),
        ("Harbour bill: Here's what changes for sailors", "teaser"),
        ("Harbour vote live updates: parliament meets", "live page"),
        ("Harbour vote: five takeaways from the night", "service"),
        ("Dragon Harbour Reimagined Review", "service"),
        ("Rumour: Harbour console games might have leaked", "service"),
        ("Best early harbour laptop deals this weekend", "service"),
        ("NASA delays harbour launch by a month : NPR", "page furniture"),
        ("Your harbour guide says bring sturdy boots", "personal"),
        ("Mayor says “I will not resign” over harbour fire", None),
        ("The Way It Was", "too short"),
    ],
)
def test_titles_that_are_not_printed(title: str, fault: str | None) -> None:
    assert fault_of(title, is_title=True) == fault


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("Lawmakers in Oslo passed the harbour bill late on Friday.", None),
        ("Lawmakers in Oslo passed the harbour bill late on Friday", "fragment"),
        ("Lawmakers in Oslo passed the harbour bill late on the.", "cut off"),
        ("Lawmakers in Oslo passed the harbour bill, which,.", "cut off"),
        ("He said that the harbour bill would pass on Friday.", "leaning"),
        ("OSLO (AP) — It was the first harbour bill since the war.", "leaning"),
        ("“Harbour walls must be rebuilt before autumn storms come.”", "leaning"),
        ("The company said that harbour walls would be rebuilt soon.", "leaning"),
        ("Follow the harbour debate with reporters in Oslo tonight.", "teaser"),
    ],
)
def test_sentences_of_summaries_that_are_not_printed(sentence: str, fault: str | None) -> None:
    assert fault_of(sentence, is_title=False) == fault


def test_sentences_are_split_as_they_stand() -> None:
    text = "Gov. Ada Lee met U.S. envoys. “We agree.” Talks cost $3.5 million in all. They go o"
    assert split_sentences(text) == (
        "Gov. Ada Lee met U.S. envoys.",
        "“We agree.”",
        "Talks cost $3.5 million in all.",
        "They go o",
    )


def test_what_is_offered_names_its_article() -> None:
    one = Article(
        "a1",
        "a.org",
        "a1",
        "Oslo harbour bill passes",
        "Oslo got its harbour bill on Friday night. Mor",
    )
    other = Article("a2", "b.org", "a2", "Is the harbour bill dead?", "")
    assert [(s.text, s.article_id, s.is_title) for s in titles([one, other])] == [
        ("Oslo harbour bill passes", "a1", True)
    ]
    assert [(s.text, s.article_id) for s in summary_sentences([one, other])] == [
        ("Oslo got its harbour bill on Friday night.", "a1")
    ]


def test_centrality_is_the_cosine_with_the_centroid() -> None:
    # Every term is as rare as any other in this window, so rarities cancel out.
    group = [
        Article("a1", "a.org", "a1", "oslo harbour fire"),
        Article("a2", "b.org", "a2", "oslo harbour blaze"),
        Article("a3", "c.org", "a1", "oslo harbour fire"),  # a copy: no voice
    ]
    texts = pd.DataFrame({"title": ["oslo harbour fire blaze lima"], "summary": [""]})
    central = Centrality(group, TermStatistics.of(texts))
    # Centroid: oslo 1, harbour 1, fire 1/2, blaze 1/2, of length sqrt(2.5).
    assert central.of("Oslo harbour") == pytest.approx(2 / math.sqrt(2.5 * 2))
    assert central.of("Oslo harbour fire") == pytest.approx(2.5 / math.sqrt(2.5 * 3))
    assert central.of("Lima fire") == pytest.approx(0.5 / math.sqrt(2.5 * 2))
    assert central.of("of the") == 0.0


def test_centrality_is_the_same_to_the_last_bit_in_every_process() -> None:
    # Sets of words come in another order in every process; the sums must not care.
    program = (
        "import pandas as pd\n"
        "from newsworld_dagster.stories.labels import TermStatistics\n"
        "from newsworld_dagster.stories.sentences import Centrality\n"
        "from newsworld_dagster.stories.sources import Article\n"
        "texts = [' '.join(f'word{i}' for i in range(1, n)) for n in range(3, 40)]\n"
        "window = pd.DataFrame({'title': texts, 'summary': ''})\n"
        "group = [Article(str(n), 'p', str(n), text) for n, text in enumerate(texts)]\n"
        "central = Centrality(group, TermStatistics.of(window))\n"
        "print([central.of(text).hex() for text in texts])\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in (1, 2, 3)
    }
    assert len(printed) == 1


def test_likeness_is_the_jaccard_of_content_words() -> None:
    # {oslo, harbour, bill, delay} and {oslo, harbour, vote, delay}: three of five.
    assert likeness("Oslo delays harbour bill", "Harbour vote delayed in Oslo") == pytest.approx(
        0.6
    )
    assert likeness("The of", "the OF") == 1.0
    assert repeats("Oslo delays harbour bill", ["Harbour vote delayed in Oslo"], 0.6)
    assert not repeats("Oslo delays harbour bill", ["Harbour vote delayed in Oslo"], 0.61)


def test_a_step_does_without_the_text_round_it() -> None:
    title = "Oslo delays harbour bill"
    assert stands_alone("Lawmakers in Oslo delayed a harbour bill on Friday.", title)
    assert not stands_alone("The agency in Oslo delayed a harbour bill on Friday.", title)
    assert not stands_alone("Fishermen from Bergen had protested for weeks.", title)


@pytest.mark.parametrize(
    ("title", "summary", "reported"),
    [
        ("Why the harbour bill failed", "", True),
        ("Harbour bill vote: live updates", "", True),
        ("Live updates and key takeaways from the harbour vote", "", True),
        ("Parties reach deal on harbour budget", "", True),
        ("Mudslide strands hikers near Bergen", "", True),
        ("Prediction markets take bets on harbour vote", "", True),
        ("Strands hints and answers for Friday", "", False),
        ("Best deals on harbour tours", "", False),
        ("How to watch the harbour race: time, TV channel", "", False),
        ("Fjord 7 Ultra vs Fjord 6: Sample Photos Comparison", "", False),
        ('The "On Us" Deal Explained (No Trade-In Required)', "", False),
        # Listed before it was written: the address alone says what it would be of.
        ("Harbour and Fjord", "", False),
        ("Harbour and Fjord gets a new editor", "", True),
        (
            "As ministers sneer, Oslo builds",
            "Bergen waits, writes world affairs editor Ada Vik",
            False,
        ),
        ("Ministers sneer at Oslo", "The mayor writes to her counterpart, an editor says.", True),
    ],
)
def test_an_article_reports_or_does_something_else(
    title: str, summary: str, reported: bool
) -> None:
    article = Article("a1", "harbourandfjord.example", "a1", title=title, summary=summary)
    assert reports(article) == reported
