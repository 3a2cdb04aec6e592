"""Alerts: to the log always, to a webhook and by mail where set up."""

from __future__ import annotations

import asyncio
import json
import logging
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from newsworld_dagster.settings import Settings

LOG = logging.getLogger(__name__)
SECONDS = 15


@dataclass(frozen=True)
class Alert:
    """What happened: a kind for filters, one line, and what to do."""

    kind: str
    title: str
    text: str = ""


def send(alert: Alert, settings: Settings) -> list[str]:
    """Send an alert by every way that is set up; returns the ways that failed, in words.

    Never raises: a broken alert must not break what it reports on. Addresses and passwords of the
    ways do not appear in what is returned or logged.
    """
    LOG.error("%s: %s %s", alert.kind, alert.title, alert.text)
    failed = []
    for way, secret, deliver in (
        ("webhook", settings.alert_webhook, _post),
        ("mail", settings.alert_smtp, _mail),
    ):
        if secret is None or not secret.get_secret_value():
            continue
        try:
            deliver(alert, secret.get_secret_value(), settings)
        except Exception as error:  # noqa: BLE001 - see above
            failed.append(f"{way}: {type(error).__name__}")
            LOG.error("the alert %s could not be sent by %s", alert.kind, failed[-1])
    return failed


def newly_bad(settings: Settings, alerts: Sequence[Alert]) -> list[Alert]:
    """Those alerts whose kind was not bad at the last look, which is remembered in a file.

    An alert that goes on sounding is soon switched off; one that comes back sounds again.
    """
    path = settings.data_dir / "alerts.json"
    try:
        before = set(json.loads(path.read_text()))
    except (OSError, ValueError):
        before = set()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(sorted({alert.kind for alert in alerts})))
    fresh.replace(path)
    return [alert for alert in alerts if alert.kind not in before]


def _post(alert: Alert, address: str, settings: Settings) -> None:
    import aiohttp

    async def post() -> None:
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            said = f"NewsWorld: {alert.title}\n{alert.text}".strip()
            # 'text' is what chat services show; the rest is for programs.
            document = {"text": said, "kind": alert.kind, "world": settings.data_dir.name}
            async with session.post(address, json=document) as response:
                response.raise_for_status()

    asyncio.run(post())


def _mail(alert: Alert, address: str, settings: Settings) -> None:
    server = urlsplit(address)
    message = EmailMessage()
    message["Subject"] = f"NewsWorld: {alert.title}"[:200].replace("\n", " ")
    message["From"] = settings.alert_mail_from
    message["To"] = settings.alert_mail_to
    message.set_content(f"{alert.title}\n\n{alert.text}\n\nWorld: {settings.data_dir.name}\n")
    kind = smtplib.SMTP_SSL if server.scheme == "smtps" else smtplib.SMTP
    with kind(server.hostname or "localhost", server.port or 0, timeout=SECONDS) as smtp:
        if server.username:
            if server.scheme != "smtps":
                smtp.starttls()
            smtp.login(unquote(server.username), unquote(server.password or ""))
        smtp.send_message(message)
