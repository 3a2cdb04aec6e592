"""The days that are replayed on servers, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence

from newsworld_dagster.warehouse import Warehouse

DAYS = ("--from", "2026-01-19", "--to", "2026-01-24", "--warm-up-from", "2026-01-17")
WRITTEN = ("news", "embeddings", "stories", "forecasts", "outcomes", "scorecards", "marts")


# What a language model took and cost depends on the clock and on its cache; hashes hold these.
BY_THE_CLOCK = (
    *("call_id", "asked_at", "seconds", "cost_usd", "charged_usd"),
    *("input_tokens", "cache_write_tokens", "cache_read_tokens"),
    *("previous_hash", "row_hash", "head_id", "claims_head", "verdicts_head", "previous_head"),
)


def tables(warehouse: Warehouse, but: Sequence[str] = ()) -> dict[str, tuple[int, str]]:
    """Rows and an order-free digest of every table that a run writes.

    The averages of the marts to twelve digits: the order in which rows are added up is nobody's.

    Parameters
    ----------
    but
        Columns that are left out, beside the moment at which a row was rejected.
    """
    left_out = ("rejected_at", "", *but)  # the second, because SQL has no tuple of one
    found = {}
    with warehouse.open_as_is() as reader:
        columns = reader.frame(
            "SELECT schema_name || '.' || table_name AS name, string_agg(CASE "
            "WHEN schema_name = 'marts' AND data_type = 'DOUBLE' "
            "THEN 'round(\"' || column_name || '\", 12)' ELSE '\"' || column_name || '\"' END, "
            "', ' ORDER BY column_name) AS columns "
            "FROM duckdb_columns() WHERE database_name = current_database() "
            f"AND schema_name IN {WRITTEN} AND column_name NOT IN {left_out} GROUP BY 1 ORDER BY 1"
        )
        for name, listed in columns.itertuples(index=False):
            row = reader.frame(
                f"SELECT count(*) AS n, sum(hash(row({listed})))::VARCHAR AS h FROM {name}"
            ).iloc[0]
            found[name] = (int(row["n"]), str(row["h"]))
    return found
