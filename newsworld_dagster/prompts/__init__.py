"""Prompts as versioned files, the forms of their answers, and the blocks that hold data."""

from __future__ import annotations

from newsworld_dagster.prompts.blocks import Block, articles_block, escape, list_block
from newsworld_dagster.prompts.loader import Prompt, PromptError, load_prompt, parse_prompt

__all__ = [
    "Block",
    "Prompt",
    "PromptError",
    "articles_block",
    "escape",
    "list_block",
    "load_prompt",
    "parse_prompt",
]
