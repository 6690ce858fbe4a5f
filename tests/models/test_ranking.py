"""Ranks of a block of scores: ties, gaps, noise."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.ranking import top


def ranked(scores: list[list[float]], n: int) -> list[list[int]]:
    rows, columns, ranks, _ = top(np.array(scores, dtype=np.float32), n)
    found: list[list[int]] = [[] for _ in scores]
    for row, column, rank in zip(rows, columns, ranks, strict=True):
        found[row].append(int(column))
        assert rank == len(found[row])
    return found


def test_best_first_and_ties_by_column() -> None:
    assert ranked([[0.1, 0.9, 0.9, 0.5], [0.0, 0.0, 0.0, 0.0]], 3) == [[1, 2, 3], [0, 1, 2]]


def test_what_is_barred_is_never_ranked_even_when_few_are_left() -> None:
    gone = -np.inf
    assert ranked([[gone, 0.2, gone], [gone, gone, gone]], 2) == [[1], []]


def test_more_asked_than_there_is() -> None:
    assert ranked([[0.1, 0.3]], 5) == [[1, 0]]


def test_noise_below_the_rounding_does_not_decide() -> None:
    assert ranked([[0.3, 0.3 + 1e-7, 0.2]], 2) == [[0, 1]]


def test_negative_zero_is_zero() -> None:
    rows, _, _, scores = top(np.array([[-1e-9, 0.0]], dtype=np.float32), 2)
    assert len(rows) == 2
    assert not np.signbit(scores).any()


def test_nothing_to_rank() -> None:
    assert top(np.empty((0, 3), dtype=np.float32), 2)[0].size == 0
    assert top(np.empty((3, 0), dtype=np.float32), 2)[0].size == 0


close = st.sampled_from([-0.1, 0.0, 0.25, 0.250001, 0.250004, 0.25001, 0.5, 1.0])


@settings(deadline=None)
@given(st.lists(close, min_size=1, max_size=12), st.integers(1, 9))
def test_agrees_with_a_plain_sort_of_the_rounded(scores: list[float], n: int) -> None:
    rounded = [round(score, 5) for score in scores]
    expected = sorted(range(len(scores)), key=lambda column: (-rounded[column], column))[:n]
    assert ranked([scores], n) == [expected]
