"""Clustering: which scored pairs become persons."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.identity.components import array_components
from jobs.identity.matching.clustering import (
    CONTRADICTING,
    DECIDED,
    TOO_LARGE,
    UNDECIDED,
    Given,
    Linkage,
    clusters,
)
from jobs.identity.matching.scoring import WEIGHT_UNIT, Edges

Weights = dict[tuple[int, int], int]
COUNT = 12


def edges(weights: Weights) -> Edges:
    """Write scored pairs as arrays; weights in bits."""
    columns = [(a, b, w * WEIGHT_UNIT) for (a, b), w in weights.items()]
    left, right, weight = np.array(columns, dtype=np.int64).reshape(-1, 3).T
    return Edges(left, right, weight)


def found(
    weights: Weights,
    count: int = COUNT,
    linkage: Linkage | None = None,
    sides: list[int] | None = None,
) -> list[int]:
    """Cluster of each record."""
    of = None if sides is None else np.array(sides, dtype=np.int64)
    given = Given(np.arange(count, dtype=np.int64), sides=of)
    return clusters(edges(weights), count, linkage or Linkage(), given).label.tolist()


def guarded(
    weights: Weights,
    count: int,
    linkage: Linkage | None = None,
    *,
    group: list[int] | None = None,
    apart: Sequence[tuple[int, int]] = (),
    contradicting: Sequence[tuple[int, int]] = (),
) -> tuple[list[int], list[tuple[int, int, str]]]:
    """Cluster of each record, and which pairs were kept apart, and why."""
    flags = np.array([pair in contradicting for pair in weights], dtype=np.bool_)
    own = np.array(group if group is not None else range(count), dtype=np.int64)
    done = clusters(edges(weights), count, linkage or Linkage(), Given(own, apart, flags))
    return done.label.tolist(), [(k.left, k.right, k.reason) for k in done.kept_apart]


def graphs(count: int = COUNT, least: int = -9) -> st.SearchStrategy[Weights]:
    """Scored pairs of so many records, with any weights."""
    pairs = st.sampled_from(list(combinations(range(count), 2)))
    return st.dictionaries(pairs, st.integers(least, 9), max_size=30)


def test_without_pairs_everybody_is_alone() -> None:
    assert found({}, 3) == [0, 1, 2]


def test_a_pair_is_joined_above_what_is_accepted() -> None:
    weights = {(0, 3): 2, (1, 2): 1, (4, 5): -4}
    assert found(weights, 6) == [0, 1, 1, 0, 4, 5]
    assert found(weights, 6, Linkage(accept=1)) == [0, 1, 2, 0, 4, 5]


def test_a_chain_of_weak_links_is_no_person_but_a_clique_is() -> None:
    chain = dict.fromkeys(pairwise(range(6)), 1)
    assert found(chain, 6) == [0, 0, 2, 2, 4, 4]
    clique = dict.fromkeys(combinations(range(6), 2), 1)
    assert found(clique, 6) == [0] * 6


def test_groups_are_weighed_by_the_mean_and_the_best_of_their_pairs() -> None:
    # 0 and 1 are joined first; 2 has with them 2 bits and a pair that was not scored, -3:
    # 0.7 x -0.5 + 0.3 x 2 = 0.25. With 1 bit it is 0.7 x -1 + 0.3 x 1 = -0.4.
    half = Linkage(mean_share=0.7, unscored=-3)
    assert found({(0, 1): 4, (1, 2): 2}, 3, half) == [0, 0, 0]
    assert found({(0, 1): 4, (1, 2): 1}, 3, half) == [0, 0, 2]
    assert found({(0, 1): 4, (1, 2): 2}, 3, Linkage(accept=0.3)) == [0, 0, 2]


def test_no_pair_counts_for_more_than_the_most() -> None:
    # 0.7 x (4 - 4) / 2 + 0.3 x 4 = 1.2, and uncapped 0.7 x (4 - 90) / 2 + 0.3 x 4 < 0.
    weights = {(0, 1): 5, (1, 2): 4, (0, 2): -90}
    assert found(weights, 3, Linkage(most=4)) == [0, 0, 0]
    assert found(weights, 3, Linkage(most=100)) == [0, 0, 2]


@given(graphs())
def test_a_cluster_is_named_by_its_smallest_record(weights: Weights) -> None:
    label = found(weights)
    members = {head: [r for r in range(COUNT) if label[r] == head] for head in label}
    assert all(min(records) == head for head, records in members.items())


@given(graphs(), st.randoms(use_true_random=False))
def test_the_order_of_pairs_does_not_matter(weights: Weights, seed: random.Random) -> None:
    shuffled = dict(seed.sample(list(weights.items()), len(weights)))
    assert found(shuffled) == found(weights)


@given(graphs(8), graphs(8))
def test_records_without_a_pair_between_them_do_not_matter(one: Weights, other: Weights) -> None:
    moved = {(a + 8, b + 8): w for (a, b), w in other.items()}
    alone = [label + 8 for label in found(other, 8)]
    assert found(one | moved, 16) == found(one, 8) + alone


@given(graphs(), st.integers(-3, 3))
def test_by_the_best_pair_alone_clusters_are_components(weights: Weights, accept: int) -> None:
    joins = [pair for pair, weight in weights.items() if weight > accept]
    left, right = np.array(joins, dtype=np.int64).reshape(-1, 2).T
    label = found(weights, linkage=Linkage(accept=accept, mean_share=0))
    assert label == array_components(left, right, COUNT).tolist()


def test_of_two_files_the_surest_pairs_are_linked() -> None:
    # 0 and 1 of the first file; 2 and 3 of the second.
    weights = {(0, 2): 5, (1, 2): 4, (0, 3): 3}
    assert found(weights, 4, sides=[0, 0, 1, 1]) == [0, 1, 0, 3]
    assert found(weights | {(1, 3): 1}, 4, sides=[0, 0, 1, 1]) == [0, 1, 0, 1]


@given(graphs(least=-2), st.lists(st.integers(0, 1), min_size=COUNT, max_size=COUNT))
def test_of_two_files_a_cluster_has_one_record_each(weights: Weights, sides: list[int]) -> None:
    across = {(a, b): w for (a, b), w in weights.items() if sides[a] != sides[b]}
    label = found(across, sides=sides)
    of_cluster = list(zip(label, sides, strict=True))
    assert len(set(of_cluster)) == len(of_cluster)


@pytest.mark.parametrize("size", [2, 3, 50])
def test_copies_are_one_person(size: int) -> None:
    assert found(dict.fromkeys(combinations(range(size), 2), 20), size) == [0] * size


def test_what_is_put_together_in_any_case_is_weighed_as_one() -> None:
    # Against one of the two speaks more than for the other.
    assert guarded({(1, 2): 3, (0, 2): -9}, 3, group=[0, 0, 2])[0] == [0, 0, 2]
    assert guarded({(1, 2): 3, (0, 2): 3}, 3, group=[0, 0, 2])[0] == [0, 0, 0]
    assert guarded({}, 3, group=[0, 0, 2])[0] == [0, 0, 2]


def test_two_who_are_two_in_any_case_stay_apart_and_so_do_their_groups() -> None:
    assert guarded({(0, 1): 9}, 2, apart=[(1, 0)]) == ([0, 1], [(0, 1, DECIDED)])
    weights = {(0, 1): 9, (2, 3): 9, (1, 2): 8, (0, 3): 5, (0, 2): 5, (1, 3): 5}
    assert guarded(weights, 4)[0] == [0] * 4
    assert guarded(weights, 4, apart=[(0, 3)]) == ([0, 0, 2, 2], [(1, 2, DECIDED)])


def test_a_contradiction_wants_more_evidence() -> None:
    linkage = Linkage(contradicting=6)
    assert guarded({(0, 1): 5}, 2, linkage, contradicting=[(0, 1)]) == (
        [0, 1],
        [(0, 1, CONTRADICTING)],
    )
    assert guarded({(0, 1): 7}, 2, linkage, contradicting=[(0, 1)]) == ([0, 0], [])


def test_the_weakest_bridge_of_what_would_be_too_large_is_cut() -> None:
    weights = dict.fromkeys(combinations(range(3), 2), 9)
    weights |= dict.fromkeys(combinations(range(3, 6), 2), 9)
    weights |= {(a, b): 8 for a in range(3) for b in range(3, 6)}
    assert guarded(weights, 6)[0] == [0] * 6
    label, kept = guarded(weights, 6, Linkage(most_records=4))
    assert label == [0, 0, 0, 3, 3, 3]
    assert kept == [(0, 3, TOO_LARGE)]


def test_what_is_neither_sure_nor_unlikely_is_for_a_person_to_look_at() -> None:
    weights = {(0, 1): 4, (2, 3): 2, (4, 5): -1}
    assert guarded(weights, 6, Linkage(accept=3, review=0)) == (
        [0, 0, 2, 3, 4, 5],
        [(2, 3, UNDECIDED)],
    )
