"""One edition built by hand, one of nasties, a server for each, and a browser."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsworld_dagster.edition import build_edition, make_server
from tests.edition.edition_rows import given


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small edition."""
    target = tmp_path_factory.mktemp("small") / "edition"
    build_edition(given(), target)
    return target


@pytest.fixture(scope="session")
def nasty_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with what no one should write into a headline."""
    target = tmp_path_factory.mktemp("nasty") / "edition"
    build_edition(given(nasty=True, site_url="https://news.example/"), target)
    return target


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    server = make_server(folder, 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    with serving(site) as address:
        yield address


@pytest.fixture(scope="session")
def nasty_served(nasty_site: Path) -> Iterator[str]:
    with serving(nasty_site) as address:
        yield address


# Not of the session: while Playwright runs, its loop is in the way of every asyncio.run.
@pytest.fixture(scope="module")
def chromium():
    """A headless Chromium of the system."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()
