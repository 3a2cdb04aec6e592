"""From pair probabilities to stories: merge as long as the expected agreement grows."""

from __future__ import annotations

import numpy as np


def expected_clusters(
    probability: np.ndarray,
    mass: np.ndarray,
    *,
    recall_weight: float,
    start: float,
) -> np.ndarray:
    """Clusters that a reader is expected to agree with, by greedy agglomeration.

    The expected B-cubed precision of an article is the mean probability of its pairs with its
    cluster, itself included; its expected recall is the summed probability of these pairs over
    that of its pairs with all articles. Beginning with groups that are as good as certain, the
    two clusters whose union raises the sum over the articles of precision plus `recall_weight`
    times recall the most are merged, until no union raises it.

    Parameters
    ----------
    probability
        Symmetric, in [0, 1], shape (n, n); the diagonal is not read.
    mass
        Summed probability of each article's pairs with all articles, itself included, shape (n,).
    recall_weight
        Worth of a unit of recall in units of precision.
    start
        Mean probability of average linkage up to which the first groups are made.

    Returns
    -------
    numpy.ndarray
        Number of the cluster of each article, shape (n,).
    """
    if not len(probability):
        return np.zeros(0, dtype=int)
    pairs = probability.astype(float)
    np.fill_diagonal(pairs, 1.0)
    groups = _certain_groups(pairs, start)
    count = groups.max() + 1
    member = np.zeros((count, len(groups)))
    member[groups, np.arange(len(groups))] = 1
    size = member.sum(axis=1)
    between = member @ pairs @ member.T
    found = member @ (pairs / mass[:, None]) @ member.T
    recall = recall_weight * (found + found.T)
    inside = np.diag(between).copy()
    alive = np.ones(count, dtype=bool)

    def gains(row: int) -> np.ndarray:
        union = (inside[row] + inside + 2 * between[row]) / (size[row] + size)
        gain = union - inside[row] / size[row] - inside / size + recall[row]
        gain[~alive] = -np.inf
        gain[row] = -np.inf
        return gain

    best = np.zeros(count, dtype=int)
    worth = np.full(count, -np.inf)
    for row in range(count):
        gain = gains(row)
        best[row], worth[row] = gain.argmax(), gain.max()
    while worth.max() > 0:
        one, other = sorted((int(worth.argmax()), int(best[worth.argmax()])))
        inside[one] += inside[other] + 2 * between[one, other]
        size[one] += size[other]
        for matrix in (between, recall):
            matrix[one] += matrix[other]
            matrix[:, one] = matrix[one]
        alive[other] = False
        worth[other] = -np.inf
        groups[groups == other] = one
        gain = gains(one)
        best[one], worth[one] = gain.argmax(), gain.max()
        nearer = alive & (gain > worth)
        best[nearer], worth[nearer] = one, gain[nearer]
        for stale in np.flatnonzero(alive & np.isin(best, (one, other)) & ~nearer):
            anew = gains(int(stale))
            best[stale], worth[stale] = anew.argmax(), anew.max()
    return groups


def _certain_groups(pairs: np.ndarray, start: float) -> np.ndarray:
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(pairs) == 1:
        return np.zeros(1, dtype=int)
    tree = linkage(squareform(1.0 - pairs, checks=False), "average")
    return fcluster(tree, 1.0 - start, criterion="distance") - 1
