"""Parquet files from elsewhere: every room reads them alike."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def read_parquet(path: Path) -> pd.DataFrame:
    """The columns of one parquet file as they stand in it.

    What pandas noted in the file is left aside, since it may be damaged or forged: an index with a
    name is a column like any other, one without a name is gone. Of columns with one name the first
    is read. Times with a zone come as naive UTC.

    Raises
    ------
    ValueError
        When the file is damaged or none.
    OSError
        When it cannot be opened.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    # One file as it is: no partition columns from folder names.
    try:
        with pq.ParquetFile(path) as file:
            table = file.read()
        # Otherwise text that is not UTF-8 shows no sooner than when someone looks at it.
        table.validate(full=True)
        frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    except (pa.ArrowException, LookupError) as error:  # a zone that nobody knows is a LookupError
        raise ValueError(f"{type(error).__name__}: {error}") from error
    names = frame.columns.astype(str)
    frame = frame.loc[:, ~(names.str.fullmatch(r"__index_level_\d+__") | names.duplicated())]
    # With a zone, a time beyond the year 9999 could not even be printed.
    zoned = frame.select_dtypes("datetimetz")
    return frame.assign(
        **{name: zoned[name].dt.tz_convert("UTC").dt.tz_localize(None) for name in zoned}
    )
