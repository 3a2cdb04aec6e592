"""Frames as plain values that JSON can hold."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd


def plain_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dictionaries of str, int, float and None.

    Parameters
    ----------
    frame
        Any frame of text and numbers.

    Returns
    -------
    list of dict
        One per row; missing and infinite numbers are None, because JSON has neither.

    Examples
    --------
    >>> plain_records(pd.DataFrame({"made": [3], "skill": [float("nan")]}))
    [{'made': 3, 'skill': None}]
    """
    return [
        {str(key): _plain(value) for key, value in row.items()} for row in frame.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value
