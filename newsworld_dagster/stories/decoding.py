"""From pair probabilities to stories: merge as long as the expected agreement grows."""

from __future__ import annotations

import numpy as np


def expected_clusters(
    probability: np.ndarray,
    mass: np.ndarray,
    *,
    recall_weight: float,
    start: float,
    held: np.ndarray | None = None,
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
    held
        Number of a group that stays as it is for each article, -1 for one that is free, shape
        (n,): free ones may join it, but it is neither parted nor merged with another.

    Returns
    -------
    numpy.ndarray
        Number of the cluster of each article, shape (n,).
    """
    if not len(probability):
        return np.zeros(0, dtype=int)
    pairs = probability.astype(float)
    np.fill_diagonal(pairs, 1.0)
    groups, fixed = _first_groups(pairs, start, held)
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
        if fixed[row]:
            gain[fixed] = -np.inf
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
        fixed[one] |= fixed[other]
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


def expected_agreement(
    probability: np.ndarray, mass: np.ndarray, clusters: np.ndarray, *, recall_weight: float
) -> np.ndarray:
    """What each article adds to the sum that `expected_clusters` raises, shape (n,).

    Parameters
    ----------
    probability, mass, recall_weight
        As there.
    clusters
        Number of the cluster of each article, shape (n,).
    """
    pairs = probability.astype(float)
    np.fill_diagonal(pairs, 1.0)
    together = clusters[:, None] == clusters[None, :]
    found = (pairs * together).sum(axis=1)
    return found / together.sum(axis=1) + recall_weight * found / mass


def _first_groups(
    pairs: np.ndarray, start: float, held: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Number of the first group of each article, and which groups are not to be merged."""
    if held is None:
        groups = _certain_groups(pairs, start)
        return groups, np.zeros(groups.max() + 1, dtype=bool)
    groups = held.copy()
    free = np.flatnonzero(held < 0)
    kept = int(held.max()) + 1
    if len(free):
        groups[free] = kept + _certain_groups(pairs[np.ix_(free, free)], start)
    return groups, np.arange(groups.max() + 1) < kept


def _certain_groups(pairs: np.ndarray, start: float) -> np.ndarray:
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(pairs) == 1:
        return np.zeros(1, dtype=int)
    tree = linkage(squareform(1.0 - pairs, checks=False), "average")
    return fcluster(tree, 1.0 - start, criterion="distance") - 1
