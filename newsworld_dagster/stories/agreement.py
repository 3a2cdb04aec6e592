"""How well stories agree with those that a reader sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd


class BCubed(NamedTuple):
    """B-cubed precision, recall and F1, each in [0, 1]."""

    precision: float
    recall: float
    f1: float


def b_cubed(truth: Sequence[object] | np.ndarray, found: Sequence[object] | np.ndarray) -> BCubed:
    """B-cubed agreement of two clusterings of the same items.

    The precision of an item is the share of its cluster that is of its class, its recall the
    share of its class that is in its cluster; both count the item itself and are averaged over
    the items (Bagga and Baldwin, 1998; Amigó et al., 2009).

    Parameters
    ----------
    truth, found
        Class and cluster of each item, shape (n,) each, n at least 1.

    Raises
    ------
    ValueError
        For clusterings of different lengths, or of nothing.
    """
    items = b_cubed_items(truth, found)
    return mean_b_cubed(items)


def b_cubed_items(
    truth: Sequence[object] | np.ndarray, found: Sequence[object] | np.ndarray
) -> pd.DataFrame:
    """B-cubed precision and recall of each item, and the size of its class and cluster.

    Columns precision, recall, class_size, cluster_size; one row an item, in the order given.
    Raises as `b_cubed` does.
    """
    if len(truth) != len(found) or len(truth) == 0:
        raise ValueError(
            f"B-cubed needs a class and a cluster for each item, and got {len(truth)} classes and "
            f"{len(found)} clusters. Give two sequences of the same length, not empty."
        )
    pairs = pd.DataFrame({"truth": list(truth), "found": list(found)}, dtype=object)
    table = pairs.apply(lambda labels: pd.factorize(labels)[0])
    both = table.groupby(["truth", "found"])["truth"].transform("size")
    class_size = table.groupby("truth")["truth"].transform("size")
    cluster_size = table.groupby("found")["found"].transform("size")
    return pd.DataFrame(
        {
            "precision": both / cluster_size,
            "recall": both / class_size,
            "class_size": class_size,
            "cluster_size": cluster_size,
        }
    )


def mean_b_cubed(items: pd.DataFrame) -> BCubed:
    """B-cubed of some items: the means over the rows of `b_cubed_items`."""
    precision, recall = float(items["precision"].mean()), float(items["recall"].mean())
    return BCubed(precision, recall, 2 * precision * recall / (precision + recall))
