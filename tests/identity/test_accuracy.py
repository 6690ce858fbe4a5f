"""Accuracy of a clustering against the truth."""

from __future__ import annotations

import pytest

from jobs.identity.accuracy import accuracy


def test_pairs_of_the_worked_example() -> None:
    found = accuracy(["a", "a", "a", "b"], ["x", "x", "y", "y"])
    assert (found.shared_pairs, found.predicted_pairs, found.true_pairs) == (1, 3, 2)
    assert (found.precision, found.recall, found.f1) == (1 / 3, 1 / 2, 2 / 5)


def test_b_cubed_of_the_worked_example() -> None:
    # By record: 2/3, 2/3, 1/3, 1 of the cluster; 1, 1, 1/2, 1/2 of the person.
    found = accuracy(["a", "a", "a", "b"], ["x", "x", "y", "y"])
    assert found.bcubed_precision == pytest.approx(2 / 3)
    assert found.bcubed_recall == pytest.approx(3 / 4)
    assert found.bcubed_f1 == pytest.approx(2 * (2 / 3) * (3 / 4) / (2 / 3 + 3 / 4))


def test_only_single_records_are_without_fault() -> None:
    found = accuracy(["a", "b"], ["a", "b"])
    assert (found.precision, found.recall, found.f1, found.bcubed_f1) == (1.0, 1.0, 1.0, 1.0)


def test_of_two_files_only_pairs_across_them_count() -> None:
    found = accuracy(["a", "a", "b", "b"], ["x", "x", "x", "y"], [0, 1, 0, 1])
    # True across: the first and third record of side 0 with the second of side 1.
    assert (found.shared_pairs, found.predicted_pairs, found.true_pairs) == (1, 2, 2)


def test_records_without_a_truth_are_left_out() -> None:
    assert accuracy(["a", "a"], ["x", None]).predicted_pairs == 0
    with pytest.raises(ValueError, match="no record has a truth"):
        accuracy(["a"], [None])
