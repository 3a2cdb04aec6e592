"""Reading an answer: is it what was asked for?"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from newsworld_dagster.contracts.asking import Ask, Output

_MOST_REASONS = 12


def faults_of(ask: Ask[Output], raw: str) -> tuple[Output | None, list[str]]:
    """The answer as the ask's type, and the reasons why it is not good enough.

    Returns
    -------
    tuple of (Output or None, list of str)
        None where the text is not even of the type. No reasons for an answer that can be used.
    """
    try:
        value = ask.output.model_validate_json(_object(raw))
    except ValidationError as error:
        found = [_reason(dict(one)) for one in error.errors(include_url=False)]
        return None, found[:_MOST_REASONS]
    return value, list(ask.check(value))[:_MOST_REASONS] if ask.check else []


def _object(raw: str) -> str:
    """Without the fence of Markdown that some models put around JSON."""
    text = raw.strip()
    if text.startswith("```") and text.endswith("```"):
        text = text[3:-3].removeprefix("json").strip()
    return text


def _reason(error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "the answer"
    shown = repr(error.get("input"))
    given = f" (given: {shown[:80]})" if error["type"] not in ("missing", "json_invalid") else ""
    return f"{where}: {error['msg']}{given}"
