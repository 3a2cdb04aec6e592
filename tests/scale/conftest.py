"""Real servers on loopback; `make test-scale` runs these tests, `make test` skips them."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

PACKAGES = ("psycopg2", "duckdb_extension_ducklake", "dagster_postgres", "dagster_celery")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        reason = f"{', '.join(missing)} not installed; `make test-scale` installs them"
        for item in items:
            if "tests/scale" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason=reason))
