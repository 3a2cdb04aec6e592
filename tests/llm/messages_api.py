"""What a Messages API takes, counts and streams: the rules of the loopback server."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

FIELDS = {
    "model", "max_tokens", "messages", "system", "tools", "tool_choice", "stream", "metadata",
    "output_config", "stop_sequences", "temperature", "thinking", "cache_control",
}  # fmt: skip


def fault_of(body: dict[str, Any]) -> str:
    """Why the real server would not take a request; empty if it would."""
    if unknown := set(body) - FIELDS:
        return f"{sorted(unknown)[0]}: Extra inputs are not permitted"
    if missing := {"model", "max_tokens", "messages"} - set(body):
        return f"{sorted(missing)[0]}: Field required"
    if body["max_tokens"] < 1 or not body["messages"] or body["messages"][0]["role"] != "user":
        return "messages: the first message must be the user's"
    roles = [message["role"] for message in body["messages"]]
    if any(one == other for one, other in itertools.pairwise(roles)):
        return "messages: roles must alternate"
    blocks = _blocks(body)
    if any(block["type"] == "text" and not block["text"].strip() for block in blocks):
        return "messages: text content blocks must be non-empty"
    if sum("cache_control" in block for block in blocks) > 4:
        return "A maximum of 4 blocks with cache_control may be provided"
    forced = (body.get("tool_choice") or {}).get("name")
    if forced and forced not in [tool["name"] for tool in body.get("tools", [])]:
        return f"tool_choice: tool {forced} not found"
    return ""


def _blocks(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Blocks in the order in which the cache sees them."""
    contents = [body.get("system") or [], *(message["content"] for message in body["messages"])]
    return [
        block
        for content in contents
        for block in ([{"type": "text", "text": content}] if isinstance(content, str) else content)
    ]


def tokens_of(body: dict[str, Any]) -> int:
    counted = {name: body.get(name) for name in ("tools", "system", "messages", "output_config")}
    return math.ceil(len(json.dumps(counted, ensure_ascii=False)) / 4)


def cached_prefix(body: dict[str, Any]) -> str:
    blocks = _blocks(body)
    marked = [place for place, block in enumerate(blocks) if "cache_control" in block]
    if not marked:
        return ""
    return "".join(block.get("text", "") for block in blocks[: marked[-1] + 1])


def events_of(message: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The stream of a message."""
    usage = message["usage"]
    head = message | {
        "content": [],
        "stop_reason": None,
        "stop_details": None,
        "usage": usage | {"output_tokens": 1},
    }
    events: list[tuple[str, dict[str, Any]]] = [("message_start", {"message": head})]
    for index, block in enumerate(message["content"]):
        tool = block["type"] == "tool_use"
        text = block["input"] if tool else block["text"]
        start = block | ({"input": {}} if tool else {"text": ""})
        events.append(("content_block_start", {"index": index, "content_block": start}))
        events.append(("ping", {}))
        for place in range(0, len(text), 200):
            part = text[place : place + 200]
            delta = (
                {"type": "input_json_delta", "partial_json": part}
                if tool
                else {"type": "text_delta", "text": part}
            )
            events.append(("content_block_delta", {"index": index, "delta": delta}))
        events.append(("content_block_stop", {"index": index}))
    delta = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    end = {"delta": delta, "usage": {"output_tokens": usage["output_tokens"]}}
    events += [("message_delta", end), ("message_stop", {})]
    return [(name, {"type": name} | data) for name, data in events]
