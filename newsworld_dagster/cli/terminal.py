"""What the command line shows: tables on stdout, progress and errors on stderr."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from newsworld_dagster.runs import Made

out = Console()
err = Console(stderr=True)


def print_made(made: Made) -> None:
    """What a world holds."""
    table = Table(title="What was made", title_justify="left", show_header=False)
    for name, value in vars(made).items():
        table.add_row(name.replace("_", " "), f"{value:,}")
    out.print(table)


def print_scorecard(document: dict[str, Any]) -> None:
    """Counts first, then the scores with their intervals."""
    rows = document["forecasters"]
    counts = ("forecaster", "made", "due", "scored", "void", "pending", "overdue", "early")
    print_records([{name: row[name] for name in counts} for row in rows])
    shown = [
        {
            "forecaster": row["forecaster"],
            "Brier": _with_interval(row, "brier"),
            "log score": _number(row["log_score"]),
            "skill over base-rate": _with_interval(row, "skill"),
            "miscalibration": _number(row["miscalibration"]),
            "discrimination": _number(row["discrimination"]),
        }
        for row in rows
    ]
    print_records(shown)


def print_judge(document: dict[str, Any]) -> None:
    """The confusion table, then the figures over the claims that were decided."""
    print_records(document["confusion"])
    undecided = ", ".join(
        f"{document[name]} {what}"
        for name, what in (
            ("queue", "left to a person"),
            ("pending", "waiting for news"),
            ("unfinished", "not asked about"),
        )
    )
    _say(f"{document['decided']} of {document['claims']} claims decided; {undecided}")
    if document["decided"]:
        _say(
            f"{document['right']} right: accuracy {document['accuracy']:.3f} (95 % interval "
            f"{document['accuracy_low']:.3f} to {document['accuracy_high']:.3f}), Cohen's kappa "
            f"{_number(document['kappa'])}"
        )
    tokens = sum(value for name, value in document.items() if name.endswith("_tokens"))
    _say(
        f"{document['model']}: {tokens:,} tokens, ${document['cost_usd']:.4f}, of which this run "
        f"was charged ${document['charged_usd']:.4f}"
    )
    for row in document["rows"]:
        if "error" not in row and row["outcome"] != row["label"]:
            _say(f"{row['claim_id']}: {row['outcome']} for {row['label']}; {row['because']}")


def print_learned(document: dict[str, Any]) -> None:
    """Who leads, what the bands have meant, and how often related claims contradict each other."""
    if document["leading"]:
        _say(f"Leading forecaster: {document['leading']}")
    for row in document["bands"]:
        _say(f"{row['forecaster']}, {row['band']} ({row['claims']} claims): {row['meaning']}")
    for row in document["consistency"]:
        _say(
            f"{row['forecaster']}: {row['violations']} of {row['pairs']} pairs of related claims "
            f"contradict each other ({row['share']:.0%}), mean arbitrage "
            f"{row['mean_arbitrage']:.4f} nats"
        )


def print_contest(document: dict[str, Any]) -> None:
    """Two sides one above the other, then their difference."""
    print_records(
        [
            {
                "forecaster": document[side],
                "Brier": document[f"{side}_brier"],
                "US dollars a claim": document[f"{side}_cost"],
            }
            for side in ("champion", "challenger")
        ]
    )
    _say(
        f"{document['shared']} shared claims on {document['topics']} topics, settled by "
        f"{document['as_of'][:16]}; {document['unlike']} left out, as the two had read unlike input"
    )
    if document["difference"] is not None:
        interval = (
            f" (95 % interval {document['low']:+.4f} to {document['high']:+.4f}, "
            f"p {document['p_value']:.3f})"
            if document["low"] is not None
            else ""
        )
        _say(f"challenger minus champion {document['difference']:+.4f}{interval}")
    _say(document["reason"])


def print_scores(document: dict[str, Any]) -> None:
    """Scores of a file of forecasts: counts and scores, calibration, groups, comparisons."""
    rows = document["forecasters"]
    print_records([_scored(row) for row in rows])
    shown = {
        "miscalibration": "miscal.",
        "discrimination": "discrim.",
        "calibration_error": "cal. error",
        "calibration_p_value": "p (calibrated)",
        "area_under_curve": "AUC",
        "sharpness": "sharpness",
        "brier_index": "index",
        "adjusted_brier": "adjusted",
        "peer_score": "peer",
    }
    if any(row["n"] for row in rows):
        print_records(
            [
                {"forecaster": row["forecaster"]}
                | {title: row[name] for name, title in shown.items()}
                for row in rows
            ]
        )
    if document["groups"]:
        print_records([{"group": row["group"]} | _scored(row) for row in document["groups"]])
    if document["comparisons"]:
        print_records(
            [
                {
                    "forecaster": row["forecaster"],
                    "against": row["reference"],
                    "shared": row["n"],
                    "Brier difference": _span(row["difference"], row["low"], row["high"]),
                    "p value": row["p_value"],
                }
                for row in document["comparisons"]
            ]
        )


def _scored(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "forecaster": row["forecaster"],
        "n": row["n"],
        "unresolved": row["unresolved"],
        "came true": row["base_rate"],
        "Brier": _with_interval(row, "brier"),
        "log score": row["log_score"],
        "skill": _with_interval(row, "skill"),
    }


_KINDS = {
    "happened": "What happened",
    "changed": "What changed since the digest before",
    "watch": "What to watch",
}


def print_digest(document: dict[str, Any]) -> None:
    """A digest, section by section."""
    least = document["least_sources"]
    _say(f"{document['period'].capitalize()} digest of {document['day']}", style="bold")
    _say(
        f"At least {least['happened']} independent publishers for what happened, "
        f"{least['changed']} for what changed; copies of a text count once.",
        style="dim",
    )
    for section in document["sections"]:
        _say(f"\n{'Front' if section['section'] == 'All' else section['section']}", style="bold")
        if not section["items"]:
            _say("  quiet: nothing that enough independent publishers reported", style="dim")
        for item in section["written"]:
            _say(f"  {item['headline']}", style="italic")
            sources = ", ".join(f"[{a['number']}] {a['publisher']}" for a in item["articles"])
            _say(f"    {item['text']} ({sources}; written by {item['model']})")
        for kind in dict.fromkeys(item["kind"] for item in section["items"]):
            _say(f"  {_KINDS[kind]}", style="underline")
            for item in (one for one in section["items"] if one["kind"] == kind):
                _say_item(item)


def _say_item(item: dict[str, Any]) -> None:
    _say(f"  - {item['headline']}")
    if item["kind"] == "watch":
        said = (
            f"{item['probability']:.0%} ({item['forecaster']}), {item['days_left']:.0f} days left"
        )
        _say(f"    {said}; {item['topic']['label']}", style="dim")
        return
    if item["sentence"]:
        _say(f"    {item['sentence']}")
    publishers = dict.fromkeys(a["publisher"] for a in item["articles"] if a["independent"])
    named = ", ".join(list(publishers)[:6]) + (", ..." if len(publishers) > 6 else "")
    new = f", {item['fresh_sources']} with news" if item["kind"] == "changed" else ""
    _say(
        f"    {item['independent_sources']} independent sources{new} ({named}); "
        f"{item['topic']['label']}, {item['topic']['topic_id']}",
        style="dim",
    )


def print_timeline(document: dict[str, Any]) -> None:
    """The axis of a topic: what was, what is open, what was settled."""
    _say(f"{document['label']} ({document['section']}, {document['topic_id']})", style="bold")
    for entry in sorted(document["entries"], key=lambda entry: entry["date"]):
        if entry["kind"] == "step":
            alone = [a["publisher"] for a in entry["articles"] if a["independent"]]
            said = f"{entry['sentence']} ({', '.join(dict.fromkeys(alone))})"
        else:
            settled = entry["kind"] == "settled"
            ended = f"settled {entry['verdict']}" if settled else "falls due"
            said = f"{ended}: {entry['sentence']} {entry['probability']:.0%}"
        _say(f"{entry['date'][:10]}  {said}")


_PLACED = {
    "founded": "founded story {story}: no story was near enough then",
    "joined": "joined story {story} at a mean probability of {score:.2f}",
    "merged": "came to story {story} when its own was merged into it ({score:.2f})",
    "split": "was split off to story {story} ({score:.2f})",
}


# By whether a near article was of the story then, and whether it is of the article's story now.
_APART = {
    (True, True): "",
    (True, False): ", in another story now",
    (False, True): ", of its story only now",
    (False, False): ", not of its story",
}


def print_placement(document: dict[str, Any]) -> None:
    """Why an article is in its story."""
    _say(f"{document['title']} ({document['publisher']})", style="bold")
    for placed in document["placements"]:
        text = _PLACED[placed["reason"]].format(story=placed["story_id"], score=placed["score"])
        _say(f"\n{placed['day']}  {text}")
        for near in placed["nearest"]:
            both = [*near["names"], *near["shared"]]
            shared = f"; shared: {', '.join(both)}" if both else ""
            now = near["story_id"] == document["story_id"]
            apart = _APART[near["member"], now]
            _say(
                f"  {near['probability']:.2f}  {near.get('title', near['article_id'])} "
                f"({near.get('publisher', 'unknown')}{apart}){shared}"
            )
    if document["followed_by"]:
        _say("\nArticles placed by their nearness to it since")
    for near in document["followed_by"]:
        _say(f"  {near['probability']:.2f}  {near['title']} ({near['publisher']})")


def print_evidence(document: dict[str, Any]) -> None:
    """A table of articles for each claim, with what they seem to say."""
    for claim in document["claims"]:
        _say(f"{claim['claim_id'] or '(no claim_id)'}  {claim['statement']}", style="bold")
        if "error" in claim:
            _say(f"  left out: {claim['error']}", style="red")
        elif not claim["articles"]:
            _say(f"  {claim['note']}", style="dim")
        else:
            table = Table(box=None, padding=(0, 1))
            for name in ("score", "first seen", "article", "passage"):
                table.add_column(name, overflow="fold")
            for one in claim["articles"]:
                copies = f" +{len(one['copies'])}" if one["copies"] else ""
                table.add_row(
                    f"{one['score']:.3f}",
                    one["first_seen_at"][:10],
                    one["article_id"],
                    Text(f"{one['passage']} ({one['publisher']}{copies})"),
                )
            out.print(table)
            proposal = claim["proposal"]
            if proposal["verdict"]:
                lean = f"the words lean to '{proposal['verdict']}': {proposal['reason']}"
            else:
                lean = f"the words lean to no verdict: {proposal['reason']}"
            _say(f"  {lean}. Read them before you settle a claim of the ledger with:", style="dim")
            _say(
                f"  newsworld resolve {claim['claim_id']} yes|no|void --because TEXT --url URL",
                style="dim",
            )
        _say("")


def print_plan(document: dict[str, Any]) -> None:
    """Requests to a language model as they would be sent, then what they would cost."""
    requests = document["requests"]
    for one in requests:
        _say(f"{one['prompt_id']}, sample {one['sample']}, {one['request_digest']}", style="bold")
        _say(json.dumps(one["body"], ensure_ascii=False, indent=1))
        _say("")
    if document["reports_are_made"]:
        _say(f"The analyst has made its reports of {document['edition']}.")
    follow, budget = document["follow_ups"], document["budget"]
    _say(
        f"{len(requests)} requests to {document['model']} at {document['base_url']}, about "
        f"{document['input_tokens']:,} input tokens, at most ${document['most_usd']:.2f}; after "
        f"the reports up to {follow['requests']} more, at most ${follow['most_usd']:.2f}. "
        f"A run stops at {budget['tokens']:,} tokens or ${budget['usd']:.2f}. Nothing was sent."
    )


def _say(text: str, style: str | None = None) -> None:
    out.print(text, style=style, markup=False, highlight=False)


def print_records(records: list[dict[str, Any]]) -> None:
    """Records with the same names as a table."""
    if not records:
        out.print("nothing to show")
        return
    table = Table()
    for name in records[0]:
        table.add_column(
            name.replace("_", " "), justify="left" if name == "forecaster" else "right"
        )
    for record in records:
        table.add_row(
            *(
                _number(value) if isinstance(value, float) or value is None else str(value)
                for value in record.values()
            )
        )
    out.print(table)


def _with_interval(row: dict[str, Any], name: str) -> str:
    return _span(row[name], row[f"{name}_low"], row[f"{name}_high"])


def _span(value: float | None, low: float | None, high: float | None) -> str:
    if value is None or low is None:
        return _number(value)
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
