"""From a block of scores to ranks, the same on every run."""

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.intp]

SCORE_DECIMALS = 5
"""Float32 carries about seven digits, and scores of these models lie between -1 and a few tens."""


def top(scores: NDArray[np.float32], n: int) -> tuple[Places, Places, Places, NDArray[np.float64]]:
    """Take the best ``n`` columns of every row.

    Scores are rounded to `SCORE_DECIMALS` first, and equal scores rank by ascending column, so
    that the last bits of a product of matrices do not decide who is first. (Two scores a rounding
    step apart can still swap when the hardware changes; on one machine nothing does.)

    Parameters
    ----------
    scores : array of float, shape (rows, columns)
        ``-inf`` marks what must not be ranked.
    n : int
        How many to take; a row with fewer finite scores gets fewer.

    Returns
    -------
    rows, columns, ranks, scores : arrays of one length
        By row, then by rank, which counts from 1.
    """
    if scores.shape[1] == 0 or scores.shape[0] == 0 or n < 1:
        nothing = np.empty(0, dtype=np.intp)
        return nothing, nothing, nothing, np.empty(0)
    place = max(scores.shape[1] - n, 0)
    threshold = np.partition(scores, place, axis=1)[:, place]
    # Rounding keeps the order, so what rounds to the n-th score lies within a step below it:
    # only those few are rounded, not the whole block.
    near = threshold - 2 * 10.0**-SCORE_DECIMALS - 1e-6 * np.abs(threshold)
    rows, columns = np.nonzero((scores >= near[:, None]) & np.isfinite(scores))
    # Adding zero turns -0.0 into 0.0: they compare equal but are written differently.
    kept = np.round(scores[rows, columns].astype(np.float64), SCORE_DECIMALS) + 0.0
    wanted = _needed(rows, kept, np.round(threshold.astype(np.float64), SCORE_DECIMALS), n)
    rows, columns, kept = rows[wanted], columns[wanted], kept[wanted]
    order = np.lexsort((columns, -kept, rows))
    rows, columns, kept = rows[order], columns[order], kept[order]
    ranks = np.arange(len(rows)) - np.searchsorted(rows, rows) + 1
    best = ranks <= n
    return rows[best], columns[best], ranks[best].astype(np.intp), kept[best].astype(np.float64)


def _needed(
    rows: Places, scores: NDArray[np.floating], threshold: NDArray[np.floating], n: int
) -> NDArray[np.bool_]:
    """Mark what scores above its row's n-th score, and the first ``n`` of what equals it.

    Without it a model that scores most products zero would have all of them sorted.
    """
    needed = np.asarray(scores > threshold[rows], dtype=np.bool_)
    tied = np.flatnonzero(scores == threshold[rows])
    tied_rows = rows[tied]
    place = np.arange(len(tied)) - np.searchsorted(tied_rows, tied_rows)
    needed[tied[place < n]] = True
    return needed
