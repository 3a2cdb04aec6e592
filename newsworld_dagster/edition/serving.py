"""A preview of the edition on this machine: static files with the headers that they deserve."""

from __future__ import annotations

import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from newsworld_dagster.edition.publish import EditionError
from newsworld_dagster.edition.render import HEADERS

LOOPBACK = "127.0.0.1"


def make_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of a folder on the loopback address; the caller runs and closes it.

    Parameters
    ----------
    folder
        The edition. It is looked up anew for each request, so a new build shows at once.
    port
        0 takes a free one.

    Raises
    ------
    EditionError
        When there is no edition in the folder, or the port is taken.
    """
    if not (folder / "index.html").is_file():
        raise EditionError(
            f"There is no edition at {folder} yet. Run `newsworld demo` or `newsworld run` first, "
            "or materialise the asset published/edition in the Dagster UI."
        )
    try:
        return _Server((LOOPBACK, port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        raise EditionError(
            f"Port {port} of {LOOPBACK} cannot be used: {error.strerror}. Choose another one with "
            "--port."
        ) from error


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that turns away in the middle of an answer is no fault."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".json": "application/json; charset=utf-8",
        ".xml": "application/xml; charset=utf-8",
        ".svg": "image/svg+xml",
    }

    def end_headers(self) -> None:
        """Add the policy, and have the browser ask again, as a build may come at any time."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def list_directory(self, path: str) -> None:  # type: ignore[override] # noqa: ARG002
        """A folder without a page has nothing to show."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is missing is answered with the edition's own page."""
        page = Path(self.directory) / "404.html"
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, message, explain)
            return
        content = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """A preview needs no log."""
