"""A world whose lake is in a bucket makes what a file makes, and writes its key nowhere."""

from __future__ import annotations

import subprocess
import uuid
from pathlib import Path

from newsworld_dagster.warehouse import Lake
from tests.e2e.worlds import ROOT, SAMPLE, WorldFolder
from tests.scale.replaying import DAYS, tables
from tests.scale.s3_server import S3Server
from tests.scale.servers import Postgres, free_port, program


def test_a_bucket_makes_what_a_file_makes(
    tmp_path: Path, postgres: Postgres, s3: S3Server, alone: dict[str, tuple[int, str]]
) -> None:
    world, bucket = WorldFolder(tmp_path / "world"), s3.bucket()
    settings = {
        "NEWSWORLD_LAKE": postgres.database(f"lake{uuid.uuid4().hex}"),
        **s3.settings(bucket),
    }
    said = ""
    for arguments in (
        ("import", str(SAMPLE)),
        ("backtest", *DAYS),
        ("ledger", "verify"),
        ("doctor",),
        ("backup", str(tmp_path / "world" / "backup.duckdb")),
    ):
        done = world.run(*arguments, **settings)
        assert done.code == 0, done.err[-3000:] + done.out[-3000:]
        said += done.out + done.err
    data = settings["NEWSWORLD_LAKE_DATA"]
    assert tables(Lake(settings["NEWSWORLD_LAKE"], data, 60, s3.opened_with())) == alone
    assert not world.warehouse.exists()
    assert not (world.path / "lake").exists()
    assert any(name.startswith("lake/marts/") for name in s3.names(bucket)), "dbt writes there too"

    # Errors are written too.
    for broken in (
        {"NEWSWORLD_S3_ENDPOINT": f"127.0.0.1:{free_port()}"},
        {"NEWSWORLD_S3_KEY": s3.key[::-1]},
    ):
        for command in (("doctor",), ("backtest", *DAYS)):
            done = world.run(*command, **(settings | broken))
            assert done.code == 1
            assert next(iter(broken)) in done.err + done.out
            assert "Traceback" not in done.err
            said += done.out + done.err
    dump = subprocess.run(
        [program("pg_dump"), "--dbname", settings["NEWSWORLD_LAKE"]],
        check=True,
        capture_output=True,
    ).stdout
    assert b"ducklake_metadata" in dump
    written = [path for path in world.path.rglob("*") if path.is_file()]
    written += [path for path in (ROOT / "dbt_models" / "target").rglob("*") if path.is_file()]
    for planted in (s3.secret, s3.key, s3.key[::-1]):
        assert planted not in said
        assert planted.encode() not in dump
        holding = [str(path) for path in written if planted.encode() in path.read_bytes()]
        assert holding == []
