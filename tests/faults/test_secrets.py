"""Planted keys are looked for wherever the program writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg

from newsworld_dagster.runs import dagster_instance
from newsworld_dagster.settings import Settings

ROOT = Path(__file__).parents[2]
PLANTED = "planted-4711-secret"
KEYS = {
    "NEWSWORLD_LLM_API_KEY": f"sk-{PLANTED}",
    "NEWSWORLD_ALERT_WEBHOOK": f"http://127.0.0.1:9/{PLANTED}",
    "NEWSWORLD_ALERT_SMTP": f"smtp://user:{PLANTED}@127.0.0.1:9",
    "NEWSWORLD_S3_KEY": f"key-{PLANTED}",
    "NEWSWORLD_S3_SECRET": PLANTED,
}


def test_no_planted_key_is_written_anywhere(tmp_path: Path) -> None:
    world = tmp_path / "world"
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text("feeds:\n  - {name: N, url: 'http://127.0.0.1:9/f', section: World}\n")
    articles = tmp_path / "articles.csv"
    articles.write_text(
        "url,title,first_seen_at\nhttps://e.com/a,A bridge opens,2026-01-05T10:00:00Z\n"
    )
    said = ""
    for command in (
        ["import", str(articles)],
        ["run"],  # fails: no feed answers
        ["ledger", "verify"],
        ["backup", str(world / "backup.duckdb")],
        ["prune"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", "from newsworld_dagster.cli import main; main()", *command],
            capture_output=True,
            text=True,
            env={
                **os.environ,
                **KEYS,
                "NEWSWORLD_DATA_DIR": str(world),
                "NEWSWORLD_FEEDS_FILE": str(feeds),
                "PYTHONPATH": str(ROOT),
            },
            timeout=600,
        )
        said += done.stdout + done.stderr
    assert "No such command" not in said
    assert PLANTED not in said
    assert leaking(world) == []


def leaking(world: Path) -> list[str]:
    written = [path for path in world.rglob("*") if path.is_file()]
    assert written
    return [str(path) for path in written if PLANTED.encode() in path.read_bytes()]


@dg.op(required_resource_keys={"settings"})
def _breaks(context) -> None:
    settings = context.resources.settings
    context.log.info(f"these are the settings: {settings}")
    raise dg.Failure(f"it broke with {settings!r}", metadata={"settings": str(settings)})


@dg.job
def _job() -> None:
    _breaks()


def test_dagsters_history_holds_no_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, llm_api_key=PLANTED, alert_webhook=PLANTED)
    with dagster_instance(settings) as instance:
        done = _job.execute_in_process(
            instance=instance, resources={"settings": settings}, raise_on_error=False
        )
    assert not done.success
    history = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"it broke with" in path.read_bytes() for path in history)
    assert leaking(tmp_path) == []


def test_settings_show_no_secret() -> None:
    settings = Settings(
        llm_api_key=PLANTED, alert_webhook=f"https://e.com/{PLANTED}", alert_smtp=PLANTED
    )
    assert PLANTED not in repr(settings) + str(settings) + settings.model_dump_json()


def test_no_cassette_holds_a_key() -> None:
    cassettes = [*ROOT.glob("tests/**/cassettes/**/*"), *ROOT.glob("data/cassettes/**/*")]
    files = [path for path in cassettes if path.is_file()]
    assert files
    for path in files:
        text = path.read_text().lower()
        assert not any(word in text for word in ("x-api-key", "authorization", "sk-ant-")), path
