"""Alerts reach a webhook and a mail server of our own, once, and tell no secret."""

from __future__ import annotations

import json
import logging
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from newsworld_dagster.alerts import Alert, newly_bad, send
from newsworld_dagster.definitions import defs as load
from newsworld_dagster.defs.automation import failed_run_alert, watch_after_run
from newsworld_dagster.defs.watching import watch
from newsworld_dagster.defs.world import World
from newsworld_dagster.runsafety import PROCESS_TAG
from newsworld_dagster.settings import Settings
from tests.synthetic_world import frame
from tests.warehouse.warehouse_rows import call

PLANTED = "planted-key-4711"


class Hook(BaseHTTPRequestHandler):
    got: list[dict[str, str]] = []  # noqa: RUF012 - emptied by the fixture
    status = 200

    def do_POST(self) -> None:
        self.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


class Mailbox(socketserver.StreamRequestHandler):
    got: list[str] = []  # noqa: RUF012 - emptied by the fixture

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        reading = False
        lines: list[str] = []
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            if reading:
                if line == ".":
                    reading = False
                    self.got.append("\n".join(lines))
                    self.wfile.write(b"250 ok\r\n")
                else:
                    lines.append(line)
            elif line.upper() == "DATA":
                reading = True
                self.wfile.write(b"354 go\r\n")
            elif line.upper().startswith("QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def servers() -> Iterator[tuple[str, str]]:
    Hook.got, Hook.status, Mailbox.got = [], 200, []
    hook = HTTPServer(("127.0.0.1", 0), Hook)
    mail = socketserver.TCPServer(("127.0.0.1", 0), Mailbox)
    for server in (hook, mail):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield (
        f"http://127.0.0.1:{hook.server_address[1]}/{PLANTED}",
        f"smtp://127.0.0.1:{mail.server_address[1]}",
    )
    for server in (hook, mail):
        server.shutdown()
        server.server_close()


@pytest.fixture
def settings(servers: tuple[str, str], tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path, alert_webhook=servers[0], alert_smtp=servers[1], alert_mail_to="a@e.com"
    )


def test_an_alert_goes_every_way(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    assert send(Alert("failed run", "Step x failed", "Look at it"), settings) == []
    assert Hook.got[0]["kind"] == "failed run"
    assert Hook.got[0]["text"] == "NewsWorld: Step x failed\nLook at it"
    assert "Subject: NewsWorld: Step x failed" in Mailbox.got[0]
    assert "Step x failed" in caplog.text


def test_a_way_that_fails_breaks_nothing_and_tells_no_secret(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    Hook.status = 500
    with caplog.at_level(logging.DEBUG):
        assert send(Alert("k", "t"), settings) == ["webhook: ClientResponseError"]
    assert len(Mailbox.got) == 1
    assert PLANTED not in caplog.text
    assert PLANTED not in repr(settings)


def test_an_alert_sounds_when_it_turns_bad(settings: Settings) -> None:
    stale, broken = Alert("stale articles", "s"), Alert("ledger mismatch", "l")
    assert newly_bad(settings, [stale]) == [stale]
    assert newly_bad(settings, [stale, broken]) == [broken]
    assert newly_bad(settings, []) == []
    assert newly_bad(settings, [stale]) == [stale]


KINDS = {"stale articles", "feed collapse", "ledger mismatch", "budget reached"}


@pytest.fixture
def bad_world(settings: Settings) -> World:
    """A world of which everything is to be told."""
    now = pd.Timestamp("2026-03-02 12:00")
    world = World(settings, clock=lambda: now)
    feeds = [
        {"feed_url": f"u{n}", "status": "failed", "health": "failing", "polled_at": now,
         "error": "answered HTTP 500", "next_poll_at": None} for n in range(3)
    ]  # fmt: skip
    with world.warehouse.write() as writer:
        writer.replace_all("news.feed_state", frame("news.feed_state", feeds))
        writer.append(
            "forecasts.claims",
            frame("forecasts.claims", [{"claim_id": "c", "statement": "It will happen.",
                                        "section": "World", "band": "Low", "cost_usd": 0.0,
                                        "resolver": "rule", "phase": "record", "day": now}]),
        )  # fmt: skip
        stopped = call("p1", now, 1, outcome="stopped", reason="the budget", charged_usd=0.0)
        writer.append("forecasts.model_calls", stopped)
    return world


def test_the_watch_tells_what_turned_bad(bad_world: World) -> None:
    assert {alert.kind for alert in watch(bad_world)} == KINDS
    assert {got["kind"] for got in Hook.got} == KINDS
    assert watch(bad_world) == []


@pytest.mark.parametrize(("tags", "sent"), [({}, KINDS), ({PROCESS_TAG: "h/1/1"}, set())])
def test_the_watch_comes_after_runs_of_the_daemon(
    bad_world: World, tags: dict[str, str], sent: set[str]
) -> None:
    @dg.op
    def works() -> None:
        return

    @dg.job
    def job() -> None:
        works()

    instance = dg.DagsterInstance.ephemeral()
    result = job.execute_in_process(instance=instance, tags=tags)
    for _ in range(2):  # and what stays bad is told once
        context = dg.build_run_status_sensor_context(
            sensor_name="watch",
            dagster_event=result.get_run_success_event(),
            dagster_instance=instance,
            dagster_run=result.dagster_run,
        )
        watch_after_run(context, world=bad_world)
    assert sorted(got["kind"] for got in Hook.got) == sorted(sent)


def test_the_sensors_are_on_wherever_there_is_a_daemon() -> None:
    definitions = load()
    for name in ("failed_run_alert", "watch", "stuck_runs"):
        sensor = definitions.resolve_sensor_def(name)
        assert sensor.default_status == dg.DefaultSensorStatus.RUNNING, name


@pytest.mark.parametrize(("tags", "sent"), [({}, 1), ({PROCESS_TAG: "h/1/1"}, 0)])
def test_the_sensor_sends_for_runs_of_the_daemon(
    settings: Settings, tags: dict[str, str], sent: int
) -> None:
    @dg.op
    def breaks() -> None:
        raise RuntimeError("broken step")

    @dg.job
    def job() -> None:
        breaks()

    instance = dg.DagsterInstance.ephemeral()
    result = job.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
    context = dg.build_run_status_sensor_context(
        sensor_name="failed_run_alert",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()
    failed_run_alert(context, world=World(settings))
    assert len(Hook.got) == sent
