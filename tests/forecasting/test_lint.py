from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsworld_dagster.forecasting import lint
from newsworld_dagster.forecasting.lintfile import ClaimFileError, lint_file
from newsworld_dagster.forecasting.selection import candidates
from tests.forecasting.toy_desk import brief, signals

MADE = pd.Timestamp("2026-02-14 12:00")
LATER = pd.Timestamp("2026-03-14")


def faults(statement: str, **given: object) -> set[str]:
    return {finding.fault for finding in lint(statement, LATER, MADE, **given)}


GOOD = [
    "NASA launches Artemis II by 14 March 2026.",
    "The Senate confirms the nominee by 14 March 2026.",
    "At least 3 different publishers report on “Boeing” between 14 February and 14 March 2026.",
    "Boeing and Airbus sign the treaty by 14 March 2026.",  # two actors, one event
    "At least 2 publishers report a launch or release in coverage of X by 14 March 2026.",
    "Parliament votes on the bill by 3 May 2026.",  # a month, not a modal verb
    "“Quietly and several might launch or resign” stays in the news by 14 March 2026.",
]


@pytest.mark.parametrize("statement", GOOD)
def test_decidable_claims_have_no_findings(statement: str) -> None:
    assert lint(statement, LATER, MADE) == []


@pytest.mark.parametrize(
    ("fault", "statement"),
    [
        ("vague_verb", "NASA could launch Artemis II by 14 March 2026."),
        ("vague_verb", "The company may sell its plant by 14 March 2026."),
        ("vague_verb", "Pressure on the minister escalates by 14 March 2026."),
        ("vague_verb", "The bank explores a sale by 14 March 2026."),
        ("vague_quantity", "Several airlines ground the jet by 14 March 2026."),
        ("vague_quantity", "Oil falls significantly by 14 March 2026."),
        ("vague_quantity", "The EU imposes additional tariffs by 14 March 2026."),
        ("compound", "NASA launches Artemis II and cuts 500 jobs by 14 March 2026."),
        ("compound", "NASA launches or delays Artemis II by 14 March 2026."),
        ("compound", "The House passes the bill or the Senate rejects it by 14 March 2026."),
        ("compound", "The CEO resigns, followed by layoffs being announced, by 14 March 2026."),
        ("unobservable", "The firm secretly sells its shares by 14 March 2026."),
        ("unobservable", "The minister privately agrees to the plan by 14 March 2026."),
        ("unobservable", "Staff morale falls at NASA by 14 March 2026."),
    ],
)
def test_each_fault_is_found(fault: str, statement: str) -> None:
    assert fault in faults(statement)


def test_a_finding_says_which_words() -> None:
    (finding,) = lint("NASA might fly by 14 March 2026.", LATER, MADE)
    assert finding.as_dict() == {
        "fault": "vague_verb",
        "reason": "'might' can be argued either way",
    }


@pytest.mark.parametrize(
    ("resolve_by", "made_at", "found"),
    [
        (None, MADE, True),
        (pd.NaT, MADE, True),
        (MADE, MADE, True),
        (MADE - pd.Timedelta(days=1), MADE, True),
        (MADE + pd.Timedelta(microseconds=1), MADE, False),
        (LATER, None, False),
        (LATER, pd.NaT, False),
    ],
)
def test_a_claim_needs_a_deadline_after_its_making(
    resolve_by: pd.Timestamp | None, made_at: pd.Timestamp | None, found: bool
) -> None:
    findings = lint("NASA launches Artemis II.", resolve_by, made_at)
    assert [finding.fault for finding in findings] == (["no_deadline"] if found else [])


def test_what_was_reported_before_has_already_happened() -> None:
    assert faults("NASA launches Artemis II.", already_reported="Artemis II lifts off") == {
        "already_happened"
    }


STATEMENT = "At least 12 different publishers report on “Artemis II launch” by 14 March 2026."


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (STATEMENT, True),
        (STATEMENT.upper().replace(" ", "  "), True),
        (STATEMENT.replace("report on", "report of"), True),  # the same content words
        (STATEMENT.replace("12", "15"), False),  # another number is another claim
        (STATEMENT.replace("14 March", "15 March"), False),
        (STATEMENT.replace("Artemis II launch", "Boeing strike"), False),
    ],
)
def test_duplicates_of_open_claims(other: str, found: bool) -> None:
    assert ("duplicate" in faults(STATEMENT, open_statements=["Another.", other])) is found


@pytest.mark.parametrize("month", range(1, 13))
@pytest.mark.parametrize("label", ["Artemis II launch", "Major strike and ban may end"])
def test_our_own_templates_pass(month: int, label: str) -> None:
    as_of = pd.Timestamp(2026, month, 15)
    for low in (signals(3, 2), signals(40, 15)):
        asked = candidates(brief(label=label, as_of=as_of, signals=low))
        assert len(asked) > 60
        for question in asked:
            assert lint(question.statement, question.resolve_by, question.made_at) == [], question


@pytest.mark.parametrize(
    "label",
    ["Artemis II launch", "Peace talks of Trump, Putin and Zelensky over Ukraine in Geneva"],
)
def test_our_own_templates_do_not_repeat_each_other(label: str) -> None:
    asked = candidates(brief(label=label, signals=signals(40, 15)))
    statements = list({question.statement: question for question in asked})
    assert len(statements) > 60
    for place, statement in enumerate(statements):
        assert faults(statement, open_statements=statements[:place]) == set(), statement


PIECES = st.sampled_from(
    ["NASA", "launches", "and", "or", "if", "by", "in", "May", "2025", "14 March", "“", "”", "'s",
     "?", ",", "was", "within", "two", "weeks", "次", "0", "who", "then", ""]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES).map(" ".join)), st.booleans(), st.booleans())
def test_any_text_can_be_linted(statement: str, dated: bool, made: bool) -> None:
    findings = lint(
        statement,
        LATER if dated else None,
        MADE if made else None,
        open_statements=["NASA launches Artemis II by 14 March 2026.", statement],
    )
    assert len({finding.fault for finding in findings}) == len(findings)
    assert "duplicate" in {finding.fault for finding in findings}
    assert all(finding.reason for finding in findings)


def test_a_file_of_claims_is_linted_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(
        "statement,resolve_by,made_at\n"
        "NASA launches Artemis II.,2026-03-14,2026-02-14\n"
        "NASA might fly.,2026-03-14T12:00:00Z,\n"
        "Boeing signs the treaty.,soon,2026-02-14\n"
        "NASA launches Artemis II.,2026-03-14,2026-02-14\n"
        "Airbus signs the treaty.,2026-02-13,2026-02-14\n"
    )
    found = lint_file(path)
    assert [claim["statement"] for claim in found][1] == "NASA might fly."
    assert [[f["fault"] for f in claim["findings"]] for claim in found] == [
        [],
        ["vague_verb"],
        ["no_deadline"],
        ["duplicate"],
        ["no_deadline"],
    ]


def test_a_file_may_give_its_deadlines_in_words(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(
        "statement,resolve_by,made_at\n"
        "NASA launches Artemis II.,within 6 weeks,2026-02-14\n"
        "NASA launches Artemis II.,by the end of June,2026-02-14\n"  # another deadline
        "Artemis II is launched by NASA.,2026-03-28,2026-02-14\n"  # the first one again
        "Boeing signs the treaty by 3 May 2026.,,2026-02-14\n"
        "Boeing signs the other treaty.,within 6 weeks,\n"  # six weeks from when?
    )
    assert [[f["fault"] for f in claim["findings"]] for claim in lint_file(path)] == [
        [],
        [],
        ["duplicate"],
        [],
        ["no_deadline"],
    ]


def test_a_parquet_of_claims_with_real_times_is_linted(tmp_path: Path) -> None:
    path = tmp_path / "claims.parquet"
    pd.DataFrame(
        {"statement": ["NASA lands.", "Boeing lands."], "resolve_by": [LATER, pd.NaT]}
    ).to_parquet(path)
    assert [len(claim["findings"]) for claim in lint_file(path)] == [0, 1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "claim,resolve_by\nx,2026-01-01\n", "lacks the column statement; it has claim"),
        ("a.csv", "text\nx\n", "lacks the column statement and resolve_by"),
        ("a.csv", "", "Cannot read"),
        ("a.parquet", "not parquet", "Cannot read"),
    ],
)
def test_an_unreadable_file_is_explained(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(ClaimFileError, match=message):
        lint_file(path)
    with pytest.raises(ClaimFileError, match="Cannot read"):
        lint_file(tmp_path / "absent.csv")
