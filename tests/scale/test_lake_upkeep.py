"""What a lake lets go of: old states, marks of deleted rows, small files; in a folder, a bucket."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newsworld_dagster.forecasting import verify
from newsworld_dagster.warehouse import Lake
from newsworld_dagster.warehouse.compaction import forget_vectors, lake_left, tidy_lake
from tests.scale.replaying import tables
from tests.scale.s3_server import S3Server
from tests.scale.servers import Postgres
from tests.scale.test_lake import chained
from tests.warehouse.warehouse_rows import articles, at

NOW = pd.Timestamp.now(tz="UTC").tz_localize(None)
LATER, EARLIER = NOW + pd.Timedelta(days=1), NOW - pd.Timedelta(days=1)


@pytest.fixture(params=["folder", "bucket"])
def lake(request: pytest.FixtureRequest, postgres: Postgres, tmp_path: Path) -> Lake:
    catalog = postgres.database(f"w{uuid.uuid4().hex}")
    if request.param == "folder":
        return Lake(catalog, str(tmp_path / "lake"), 20)
    s3: S3Server = request.getfixturevalue("s3")
    return Lake(catalog, f"s3://{s3.bucket()}/lake", 20, s3.opened_with())


def files(lake: Lake, s3: S3Server) -> int:
    if lake.s3 is None:
        return len(list(Path(lake.data).rglob("*.parquet")))
    return len(s3.names(lake.data.split("/")[2]))


def marked(lake: Lake) -> int:
    """Files with rows that are only marked as deleted."""
    with lake.catalog_cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ducklake_delete_file WHERE end_snapshot IS NULL")
        (number,) = cursor.fetchone()
    return int(number)


def test_upkeep_changes_no_table_and_gives_room_back(lake: Lake, s3: S3Server) -> None:
    rng = np.random.default_rng(3)
    for n in range(6):
        rows = articles(
            *(
                # Half of each file is old.
                {"article_id": f"a{n}-{k}", "first_seen_at": at(f"{10 + n * (k % 2)} 00:00")}
                for k in range(40)
            )
        )
        vectors = pd.DataFrame(
            {
                "model": "axes",
                "content_digest": rows["content_digest"],
                "vector": list(rng.normal(size=(40, 64)).astype(np.float32)),
            }
        )
        with lake.write() as writer:
            writer.append("news.articles", rows)
            writer.append("embeddings.vectors", vectors)
            writer.append("forecasts.claims", chained(f"q{n}", writer))
    with lake.write() as writer:
        assert forget_vectors(writer, at("13 00:00")) == 180
    before, many = tables(lake), files(lake, s3)
    assert before["embeddings.vectors"][0] == 60
    assert before["forecasts.claims"][0] == 6

    assert marked(lake) >= 3
    assert lake_left(lake, EARLIER).snapshots == 0
    tidy_lake(lake, EARLIER)
    assert tables(lake) == before

    left = lake_left(lake, LATER)
    assert left.snapshots > 7
    assert left.files >= 3
    assert left.bytes > 3 * 40 * 64 * 2
    assert tidy_lake(lake, LATER) == left
    assert lake_left(lake, LATER).snapshots <= 2
    tidy_lake(lake, LATER)
    assert tables(lake) == before
    with lake.read() as reader:
        assert verify(reader.claims_as_of(LATER)) is None
    assert files(lake, s3) < many - 3
    assert marked(lake) == 0, "the files are free of what was deleted"
    other = Lake(lake.catalog, lake.data, 20, lake.s3)
    with other.write() as writer:
        writer.append("news.articles", articles({"article_id": "new", "first_seen_at": LATER}))
    assert tables(other)["news.articles"][0] == 241
