from __future__ import annotations

import subprocess
import sys

import pytest

from newsworld_dagster.settings import Settings


def test_without_a_key_the_analyst_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEWSWORLD_LLM_API_KEY", raising=False)
    assert not Settings().analyst_on
    monkeypatch.setenv("NEWSWORLD_LLM_API_KEY", "")
    assert not Settings().analyst_on


def test_the_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSWORLD_LLM_API_KEY", "sk-very-secret")
    settings = Settings()
    assert settings.analyst_on
    assert "very-secret" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_the_room_does_not_import_the_sdk() -> None:
    """It takes seconds, which a run without a language model need not spend."""
    code = (
        "import sys, newsworld_dagster.llm, newsworld_dagster.resolution, "
        "newsworld_dagster.forecasting.analyst_rows; print('anthropic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
