"""Reading a prompt's file, and filling it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from newsworld_dagster.contracts.asking import Ask
from newsworld_dagster.prompts.blocks import Block, escape
from newsworld_dagster.prompts.outputs import OUTPUTS

FOLDER = Path(__file__).parent
_PARTS = ("System", "Shared", "Ask")
_VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")


class PromptError(ValueError):
    """A prompt's file is not as it must be, or is filled with other than it declares."""


class _Front(BaseModel):
    """Front matter of a prompt's file."""

    model_config = ConfigDict(extra="forbid")

    id: str
    version: int = Field(ge=1)
    output: str
    max_tokens: int = Field(ge=1)
    variables: tuple[str, ...]
    blocks: tuple[str, ...]


@dataclass(frozen=True)
class Prompt:
    """One version of a prompt.

    Attributes
    ----------
    variables
        Names that are filled with a word or a line; markup in it is escaped.
    blocks
        Names that are filled with delimited blocks.
    digest
        SHA-256 of the file and of the form of its answer.
    """

    id: str
    version: int
    digest: str
    system: str
    shared: str
    text: str
    output: type[BaseModel]
    max_tokens: int
    variables: tuple[str, ...]
    blocks: tuple[str, ...]

    @property
    def name(self) -> str:
        """Id and version, as in the file's name."""
        return f"{self.id}-{self.version}"

    @staticmethod
    def input_digest(values: Mapping[str, object]) -> str:
        """SHA-256 of what a prompt is filled with, where no more of the data is to be told."""
        text = json.dumps({name: str(value) for name, value in values.items()}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def ask(
        self,
        values: Mapping[str, object],
        *,
        input_digest: str,
        sample: int = 0,
        check: Callable[[Any], Sequence[str]] | None = None,
    ) -> Ask[Any]:
        """The ask that this prompt becomes with its variables and blocks filled.

        Raises
        ------
        PromptError
            When a name is missing or too many, when a block is not one, or a variable is.
        """
        declared = {*self.variables, *self.blocks}
        if missing := sorted(declared - set(values)):
            raise PromptError(f"Prompt {self.name} was not given {', '.join(missing)}.")
        if extra := sorted(set(values) - declared):
            raise PromptError(
                f"Prompt {self.name} was given {', '.join(extra)}, which it does not have; it "
                f"has {', '.join(sorted(declared))}."
            )
        filled: dict[str, str] = {}
        for name, value in values.items():
            if isinstance(value, Block) != (name in self.blocks):
                kind = "a block" if name in self.blocks else "plain text, not a block"
                raise PromptError(f"Prompt {self.name} takes {kind} for {name}.")
            filled[name] = value if isinstance(value, Block) else escape(value)

        def fill(part: str) -> str:
            # One pass: what is filled in is not searched again.
            return _VARIABLE.sub(lambda found: filled[found.group(1)], part)

        return Ask(
            prompt_id=self.name,
            prompt_digest=self.digest,
            system=fill(self.system),
            shared=fill(self.shared),
            ask=fill(self.text),
            output=self.output,
            input_digest=input_digest,
            max_tokens=self.max_tokens,
            sample=sample,
            check=check,
        )


@cache
def load_prompt(name: str, version: int, folder: Path = FOLDER) -> Prompt:
    """Read one version of a prompt.

    Raises
    ------
    PromptError
        With the file, and what is wrong with it.
    """
    file = folder / f"{name}-{version}.md"
    try:
        content = file.read_text(encoding="utf-8")
    except OSError as error:
        have = ", ".join(sorted(found.stem for found in folder.glob("*-*.md"))) or "none"
        raise PromptError(f"There is no prompt {name}-{version}; there are: {have}.") from error
    return parse_prompt(content, file.stem)


def parse_prompt(content: str, stem: str) -> Prompt:
    """A prompt from the text of its file; `stem` is what the file's name says it is.

    Raises
    ------
    PromptError
        With the file, and what is wrong with it.
    """
    head, front_text, body = [*content.split("---\n", 2), "", ""][:3]
    try:
        front = _Front.model_validate(yaml.safe_load(front_text))
    except (yaml.YAMLError, ValidationError) as error:
        raise PromptError(f"The front matter of prompt {stem} cannot be used: {error}") from error
    if head or stem != f"{front.id}-{front.version}":
        raise PromptError(
            f"The file of prompt {stem} must begin with the front matter of {stem}; it says "
            f"{front.id}-{front.version}."
        )
    if front.output not in OUTPUTS:
        raise PromptError(
            f"Prompt {stem} is to be answered with {front.output}, which is none of "
            f"{', '.join(OUTPUTS)}."
        )
    pieces = re.split(r"^# (\w+)\n", body, flags=re.MULTILINE)
    parts = dict(zip(pieces[1::2], (piece.strip() for piece in pieces[2::2]), strict=True))
    if pieces[0].strip() or tuple(parts) != _PARTS or not parts["System"] or not parts["Ask"]:
        raise PromptError(
            f"The body of prompt {stem} must be the headings {', '.join(_PARTS)} in this order "
            "with a text under System and Ask."
        )
    used = set(_VARIABLE.findall(body))
    declared = [*front.variables, *front.blocks]
    if used != set(declared) or len(declared) > len(set(declared)):
        raise PromptError(
            f"Prompt {stem} declares {', '.join(sorted(declared))} and uses "
            f"{', '.join(sorted(used))}; the two must be the same."
        )
    output = OUTPUTS[front.output]
    form = json.dumps(output.model_json_schema(), sort_keys=True)
    return Prompt(
        id=front.id,
        version=front.version,
        digest=hashlib.sha256(f"{content}\0{form}".encode()).hexdigest(),
        system=parts["System"],
        shared=parts["Shared"],
        text=parts["Ask"],
        output=output,
        max_tokens=front.max_tokens,
        variables=front.variables,
        blocks=front.blocks,
    )
