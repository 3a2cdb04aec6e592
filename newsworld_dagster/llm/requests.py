"""From an ask to the exact request, and the digest that it is known by."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from newsworld_dagster.contracts.asking import Ask

TOOL = "answer"
Structure = Literal["tool", "schema"]
_EPHEMERAL = {"type": "ephemeral"}
# Instructions that a server adds of its own accord for a forced tool.
_ADDED_TOKENS = 600


def request_of(ask: Ask[Any], model: str, structure: Structure) -> dict[str, Any]:
    """The body of the request, without `stream`.

    Parameters
    ----------
    structure
        How the form of the answer is asked for: 'tool' forces a tool whose input is the answer,
        which any Messages-compatible server knows; 'schema' sets an output format.
    """
    content = [{"type": "text", "text": ask.shared, "cache_control": _EPHEMERAL}] * bool(ask.shared)
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": ask.max_tokens,
        "system": [{"type": "text", "text": ask.system, "cache_control": _EPHEMERAL}],
        "messages": [{"role": "user", "content": [*content, {"type": "text", "text": ask.ask}]}],
    }
    if structure == "schema":
        # Imported here, as the SDK takes a second to import.
        from anthropic import transform_schema

        body["output_config"] = {
            "format": {"type": "json_schema", "schema": transform_schema(ask.output)}
        }
    else:
        body["tools"] = [
            {
                "name": TOOL,
                "description": "Gives the answer. It is the only way to answer.",
                "input_schema": ask.output.model_json_schema(),
            }
        ]
        body["tool_choice"] = {"type": "tool", "name": TOOL}
    return body


def repair_of(body: dict[str, Any], raw: str, reasons: list[str]) -> dict[str, Any]:
    """The request that asks again, with the answer that was not accepted and why."""
    listed = "\n".join(f"- {reason}" for reason in reasons)
    again = (
        f"That answer was not accepted:\n{listed}\n"
        "Give the whole answer again, with these faults corrected and the rest unchanged."
    )
    return body | {
        "messages": [
            *body["messages"],
            {"role": "assistant", "content": [{"type": "text", "text": raw.strip() or "(empty)"}]},
            {"role": "user", "content": [{"type": "text", "text": again}]},
        ]
    }


def canonical(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def request_digest(body: dict[str, Any], sample: int) -> str:
    """SHA-256 of the request and of which of its independent answers is meant."""
    return hashlib.sha256(canonical([body, sample]).encode()).hexdigest()


def most_input_tokens(body: dict[str, Any]) -> int:
    """An upper bound without a tokenizer: no token is shorter than a byte."""
    return len(canonical(body).encode()) + _ADDED_TOKENS
